// Every fault, in the order of the page.
import type { Fault } from "../fault.ts"
import { answerFaults } from "./answers.ts"
import { diskFaults } from "./disk.ts"
import { inputFaults } from "./input.ts"
import { networkFaults } from "./network.ts"
import { endFaults } from "./process-end.ts"
import { threadFaults } from "./threads-and-children.ts"
import { volumeFaults } from "./volume.ts"

const group = (id: string) => ["D", "L", "B"].indexOf(id[0]!)
const number = (id: string) => Number(id.slice(1))

export const faults: readonly Fault[] = [
  networkFaults,
  answerFaults,
  volumeFaults,
  diskFaults,
  endFaults,
  threadFaults,
  inputFaults,
]
  .flat()
  .toSorted((a, b) => group(a.id) - group(b.id) || number(a.id) - number(b.id))
