declare const __VEDETTE_VERSION__: string | undefined;

/** Set by the build from package.json; running from source has no version of its own. */
export const VERSION = typeof __VEDETTE_VERSION__ === "string" ? __VEDETTE_VERSION__ : "0.0.0-source";
