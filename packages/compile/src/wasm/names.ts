import { ByteWriter } from './bytes.ts'
import type { ModuleContents } from './entities.ts'
import type { Entity } from './node.ts'

/**
 * The name section's content: names of the module and its functions, which engines show in messages and profiles (core
 * specification, appendix "Custom Sections"). Those of locals, of which there are thousands, would take a third of the encoding.
 */
export function nameSection({ name, imports, functions }: ModuleContents): ByteWriter {
  const imported = imports.filter(({ kind }) => kind === 'func').map(({ entity }) => entity)
  const content = new ByteWriter()
  content.text('name')
  subsection(content, 0, (to) => to.text(name))
  subsection(content, 1, (to) => nameMap(to, [...imported, ...functions.map(({ func }) => func)]))
  return content
}

function subsection(content: ByteWriter, id: number, write: (to: ByteWriter) => void): void {
  const part = new ByteWriter()
  write(part)
  content.byte(id)
  content.sized(part)
}

function nameMap(to: ByteWriter, entities: readonly Entity[]): void {
  to.list([...entities.entries()], ([index, { name }]) => {
    to.u32(index)
    to.text(name)
  })
}
