/**
 * The part of the engine's WebAssembly interface that Cotangent uses: Node's type definitions have none, and those of the DOM
 * bring the whole DOM.
 */
interface WebAssemblyApi {
  validate(bytes: Uint8Array<ArrayBuffer>): boolean
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => WebAssemblyModule
  readonly Instance: new (module: WebAssemblyModule, imports?: WebAssemblyImports) => WebAssemblyInstance
  readonly Memory: new (limits: { initial: number; maximum?: number; shared?: boolean }) => WebAssemblyMemory
}

/** Compiled code; threads share it when it is posted to them. */
export type WebAssemblyModule = object

export interface WebAssemblyMemory {
  readonly buffer: ArrayBuffer | SharedArrayBuffer
  grow(pages: number): number
}

type WebAssemblyFunction = (...args: readonly (number | bigint)[]) => number | bigint | undefined

interface WebAssemblyInstance {
  readonly exports: { readonly [name: string]: WebAssemblyFunction | WebAssemblyMemory | undefined }
}

type WebAssemblyImports = {
  readonly [module: string]: { readonly [name: string]: ((...args: never[]) => unknown) | WebAssemblyMemory }
}

// Declared here, as said above; every engine that Cotangent runs in has it.
export const webAssembly = (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi }).WebAssembly
