// Who sends: the attributes that are repeated on every row, so only those that ClickStack's UI and joins need.
import type { Resource } from "@opentelemetry/resources"
import type { Config } from "./config.ts"
import { type Redact, redacted } from "./delivery/plain-value.ts"
import type { AttributeValue } from "./options.ts"
import { fs } from "./builtins.ts"
import { core, resources } from "./opentelemetry.ts"
import { type AppPackage, findAppPackage } from "./app-package.ts"

/** A detector that has not answered by then is left out, so that nothing waits for it for ever. */
const detectorTimeout = 5000

export interface Surroundings {
  readonly app: AppPackage
  readonly host: string
  /** The text of a file, or undefined when there is none. */
  readonly read: (path: string) => string | undefined
  readonly detectorTimeout: number
  readonly redact?: Redact | undefined
}

export function createResource(config: Config, given: Partial<Surroundings> = {}): Resource {
  const surroundings: Surroundings = {
    app: given.app ?? findAppPackage(),
    host: process.getBuiltinModule("node:os").hostname(),
    read: readOrNothing,
    detectorTimeout,
    ...given,
  }
  const { detectResources, resourceFromAttributes } = resources()
  const clean = cleaner(surroundings.redact)
  const attributes = resourceFromAttributes(clean(resourceAttributes(config, surroundings)))
  if (config.detectors.length === 0) return attributes
  const detectors = config.detectors.map((detector) => ({
    detect: (...args: Parameters<typeof detector.detect>) => {
      const { attributes: found = {}, ...rest } = detector.detect(...args)
      const bounded = Object.entries(found).map(([name, value]) => [
        name,
        inTime(value, surroundings.detectorTimeout),
      ])
      return { ...rest, attributes: clean(Object.fromEntries(bounded)) }
    },
  }))
  // What the user or we know for sure wins over what a detector finds.
  return detectResources({ detectors }).merge(attributes)
}

type Detected = Record<string, MaybePromise<AttributeValue | undefined>>

/** What a detector finds is as likely to hold a secret as what the app sets: a command line, an environment. */
function cleaner(redact: Redact | undefined): <T extends Detected>(attributes: T) => T {
  if (redact === undefined) return (attributes) => attributes
  const clean = (key: string | undefined, value: unknown): unknown => {
    if (value instanceof Promise) return value.then((one: unknown) => clean(key, one))
    const kept = redacted(redact, key, value)
    return Array.isArray(kept) ? kept.map((one) => redacted(redact, undefined, one)) : kept
  }
  return <T extends Detected>(attributes: T) =>
    Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, clean(key, value)])) as T
}

export function resourceAttributes(
  config: Config,
  { app, host, read }: Surroundings,
): Record<string, AttributeValue> {
  const { SDK_INFO } = core()
  const attributes: Record<string, AttributeValue | undefined> = {
    "service.name": config.service ?? app.name ?? "unknown_service:node",
    "service.version": config.serviceVersion ?? app.version,
    "service.instance.id": process.getBuiltinModule("node:crypto").randomUUID(),
    "deployment.environment.name": config.environment,
    "host.name": host,
    "telemetry.sdk.name": SDK_INFO["telemetry.sdk.name"],
    "telemetry.sdk.language": SDK_INFO["telemetry.sdk.language"],
    "telemetry.sdk.version": SDK_INFO["telemetry.sdk.version"],
    "telemetry.distro.name": "@clickstack/node",
    "telemetry.distro.version": distroVersion(),
    "container.id": containerId(read),
    ...(config.kubernetes === undefined ? {} : kubernetesAttributes(config.kubernetes, host, read)),
    ...config.resourceAttributes,
  }
  // These three were settled by their own precedence, in which resource attributes took part.
  if (config.service !== undefined) attributes["service.name"] = config.service
  if (config.serviceVersion !== undefined) attributes["service.version"] = config.serviceVersion
  if (config.environment !== undefined) attributes["deployment.environment.name"] = config.environment
  const defined = Object.entries(attributes).filter(([, value]) => value !== undefined)
  return Object.fromEntries(defined) as Record<string, AttributeValue>
}

function kubernetesAttributes(
  fromEnvironment: Readonly<Record<string, string>>,
  host: string,
  read: Surroundings["read"],
): Record<string, string | undefined> {
  const namespace = read("/var/run/secrets/kubernetes.io/serviceaccount/namespace")?.trim()
  return {
    "k8s.pod.name": host, // a pod's host name is its name, unless it shares the node's network
    "k8s.pod.uid": podUid(read),
    "k8s.namespace.name": namespace === "" ? undefined : namespace,
    ...fromEnvironment,
  }
}

/**
 * cgroup v1 names the container in /proc/self/cgroup, such as `4:memory:/docker/<64 hex digits>`. With cgroup v2 that
 * file says `0::/`, but the mounts of /etc/hostname and its like still come from a directory of the container's id.
 */
function containerId(read: Surroundings["read"]): string | undefined {
  const inCgroup = /[/:-]([0-9a-f]{64})(?:\.scope)?\s*$/m.exec(read("/proc/self/cgroup") ?? "")
  const found =
    inCgroup ??
    /\/(?:containers|sandboxes|overlay-containers)\/([0-9a-f]{64})\//.exec(read("/proc/self/mountinfo") ?? "")
  return found?.[1]
}

/** In `/kubepods/burstable/pod<uid>/`, or `...-pod<uid with underscores>.slice` where systemd names it. */
function podUid(read: Surroundings["read"]): string | undefined {
  const uid = /[/-]pod([0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12})/.exec(
    `${read("/proc/self/cgroup") ?? ""}\n${read("/proc/self/mountinfo") ?? ""}`,
  )
  return uid?.[1]!.replaceAll("_", "-")
}

function distroVersion(): string {
  const text = fs.readFileSync(new URL("../package.json", import.meta.url), "utf8")
  return (JSON.parse(text) as { version: string }).version
}

function readOrNothing(path: string): string | undefined {
  try {
    return fs.readFileSync(path, "utf8")
  } catch {
    return undefined
  }
}

type MaybePromise<T> = T | Promise<T>

function inTime<T>(value: MaybePromise<T>, timeout: number): MaybePromise<T | undefined> {
  if (!(value instanceof Promise)) return value
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, timeout, undefined).unref()
  })
  return Promise.race([value, late]).finally(() => clearTimeout(timer))
}
