import { ByteWriter } from './bytes.ts'
import type { ModuleContents } from './entities.ts'
import type { Entity } from './node.ts'

/**
 * The name section's content: names of the module, its functions and their locals, which engines show in messages and profiles
 * (core specification, appendix "Custom Sections").
 */
export function nameSection({ name, imports, functions }: ModuleContents): ByteWriter {
  const imported = imports.filter(({ kind }) => kind === 'func').map(({ entity }) => entity)
  const content = new ByteWriter()
  content.text('name')
  subsection(content, 0, (to) => to.text(name))
  subsection(content, 1, (to) => nameMap(to, [...imported, ...functions.map(({ func }) => func)]))
  subsection(content, 2, (to) => {
    to.list([...functions.entries()], ([index, { locals }]) => {
      to.u32(imported.length + index)
      nameMap(to, locals)
    })
  })
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
