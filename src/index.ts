export { observe } from "./cluster/observe.ts";
