/** The part of `unbzip2-stream` that is used; the package has no types. */
declare module 'unbzip2-stream' {
  /** Works within `write` and `end`: what they give out has been emitted as `data` when they return. */
  interface Unbzip2 {
    write(chunk: Buffer): boolean;
    end(): void;
    on(name: 'data', listener: (chunk: Buffer) => void): this;
    on(name: 'error', listener: (error: Error) => void): this;
  }
  function unbzip2Stream(): Unbzip2;
  export = unbzip2Stream;
}
