/** The part of WebAssembly that is used; the types of Node leave it to those of browsers. */
declare namespace WebAssembly {
  class Module {
    /** Compiles; throws when the bytes are no module. */
    constructor(bytes: Uint8Array);
  }
  class Instance {
    readonly exports: Readonly<Record<string, unknown>>;
    constructor(module: Module);
  }
  interface Memory {
    readonly buffer: ArrayBuffer;
  }
}
