import { fit } from '@cotangent/train'
import { createRun, openRun } from '../run.ts'
import { like, manyCheckpoints } from './training.ts'

// A program to be killed: begins the run whose folder it is given, or goes on with it.
const [path = '', order] = process.argv.slice(2)
const notices: string[] = []
const onNotice = (line: string): void => void notices.push(line)
const run = order === 'create' ? await createRun(path, {}, { onNotice }) : await openRun(path, { onNotice })
const resume = (await run.latest(like)) ?? undefined
console.log(`from iteration ${resume?.record.position.iteration ?? 0}${notices.map((line) => `; ${line}`).join('')}`)
await fit({
  ...manyCheckpoints,
  resume,
  // Some epochs are passed over, whose states are snapshots, or the best.
  recorder: run.recorder({ everyIterations: 3, leastSeconds: 0.02 }),
  onEvent: ({ type }) => {
    if (type === 'epoch') console.log('epoch')
  },
})
console.log('complete')
