import { rename, rm, writeFile } from 'node:fs/promises'
import { CotangentError } from '@cotangent/core'
import { reportPage } from './page.ts'
import type { RunReport } from './report.ts'

/**
 * Writes the page of {@link reportPage} to a file, whole or not at all; a file that is there already is replaced.
 *
 * @throws CotangentError for a path that cannot be written.
 * @example
 * const net = chain(input([4]), layer.dense(3))
 * const [params, netState] = net.init(randomKey(0))
 * const { state, record } = await fit({
 *   loss: (params, netState, { x, t }) => net.loss(params, netState, x, t),
 *   optimizer: sgd({ learningRate: 0.1 }),
 *   params,
 *   netState,
 *   data: { x: ones([20, 4]), t: zeros([20], { dtype: 'int32' }) },
 *   batchSize: 10,
 *   epochs: 2,
 * })
 * await writeReport('report.html', describeRun({ name: 'ones', net, state, record }))
 */
export async function writeReport(path: string, report: RunReport): Promise<void> {
  const page = reportPage(report)
  const partial = `${path}.partial`
  try {
    await writeFile(partial, page)
    await rename(partial, path)
  } catch (error) {
    await rm(partial, { force: true }).catch(() => undefined)
    throw new CotangentError(`report: ${path} cannot be written: ${reasonOf(error)}`, { cause: error })
  }
}

function reasonOf(error: unknown): string {
  const { code = '', message = String(error) } = error as NodeJS.ErrnoException
  return REASONS[code] ?? message
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such folder; make it first',
  ENOTDIR: 'its folder is a file; choose another path',
  EISDIR: 'it is a folder; name a file',
  EACCES: 'there is no permission to write there; choose another folder',
  EPERM: 'there is no permission to write there; choose another folder',
  EROFS: 'the disk is read-only; choose another folder',
  ENOSPC: 'the disk is full; make room, or choose another',
}
