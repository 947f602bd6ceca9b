import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { MNIST_FILES, type PerFile } from '../files.ts'

export type Answer = (request: IncomingMessage, response: ServerResponse) => void

export interface Mirror {
  readonly url: string
  readonly requests: readonly string[]
  readonly close: () => Promise<void>
}

/** A real HTTP server on this machine that answers as it is told to. */
export async function startMirror(answer: Answer): Promise<Mirror> {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(request.url ?? '')
    answer(request, response)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  // A server on TCP has an address of this form.
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/mnist`,
    requests,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed())
        server.closeAllConnections()
      }),
  }
}

/** Answers with the gzipped files, as a good mirror does. */
export function serving(contents: PerFile<Uint8Array>): Answer {
  const packed = new Map(MNIST_FILES.map((file, index) => [`/mnist/${file.name}.gz`, gzipSync(contents[index] ?? '')]))
  return (request, response) => {
    const body = packed.get(request.url ?? '')
    if (body === undefined) response.writeHead(404).end()
    else response.writeHead(200, { 'content-length': body.length }).end(body)
  }
}
