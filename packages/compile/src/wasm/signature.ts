import type { Func } from './entities.ts'
import type { Signature } from './node.ts'

/** The function types of a module, numbered as they are first asked for. */
export class SignatureTable {
  readonly signatures: Signature[] = []
  readonly #indices = new Map<string, number>()

  indexOfFunc({ params, result }: Func): number {
    return this.indexOf({ params: Object.values(params), result })
  }

  indexOf(signature: Signature): number {
    const key = [...signature.params, signature.result].join(' ')
    const known = this.#indices.get(key)
    if (known !== undefined) return known
    this.#indices.set(key, this.signatures.length)
    return this.signatures.push(signature) - 1
  }
}
