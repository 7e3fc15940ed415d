import { processIo } from "./io.ts";
import { main } from "./main.ts";

/** The `vedette` process. */
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0); // `vedette logs | head`
  throw error;
});
process.exitCode = await main(process.argv.slice(2), processIo());
