import { hostname } from "node:os"
import { expect, test } from "vitest"
import { resolveConfig } from "./read-options.ts"
import { createResource } from "./resource.ts"

const app = { name: "shop", version: "1.2.3" }
const id = "0123456789abcdef".repeat(4)
const uid = "01234567-89ab-cdef-0123-456789abcdef"

const attributes = (given: Parameters<typeof resolveConfig>, files: Record<string, string> = {}) =>
  createResource(resolveConfig(...given).config, { app, host: "host-1", read: (path) => files[path] })
    .attributes

test("the lean set, and nothing more", () => {
  const { "service.instance.id": instance, ...rest } = attributes([{}, {}])
  expect(instance).toMatch(/^[0-9a-f-]{36}$/)
  expect(rest).toEqual({
    "service.name": "shop",
    "service.version": "1.2.3",
    "host.name": "host-1",
    "telemetry.sdk.name": "opentelemetry",
    "telemetry.sdk.language": "nodejs",
    "telemetry.sdk.version": "2.12.0",
    "telemetry.distro.name": "@clickstack/node",
    "telemetry.distro.version": expect.stringMatching(/^\d+\.\d+\.\d+/),
  })
  expect(createResource(resolveConfig({}, {}).config, { app }).attributes["host.name"]).toBe(hostname())
})

test("configuration wins over package.json, and its own order over resource attributes", () => {
  expect(
    attributes([
      { environment: "prod", resourceAttributes: { "host.name": "mine", tier: 1 } },
      { OTEL_SERVICE_NAME: "a", OTEL_RESOURCE_ATTRIBUTES: "service.name=b,service.version=9,team=x" },
    ]),
  ).toMatchObject({
    "service.name": "a",
    "service.version": "9",
    "deployment.environment.name": "prod",
    "host.name": "mine",
    tier: 1,
    team: "x",
  })
})

test("a service without any name", () => {
  const { config } = resolveConfig({}, {})
  const resource = createResource(config, { app: { name: undefined, version: undefined } })
  expect(resource.attributes["service.name"]).toBe("unknown_service:node")
  expect(resource.attributes).not.toHaveProperty("service.version")
})

test.each([
  ["cgroup v1 of Docker", { "/proc/self/cgroup": `12:pids:/docker/${id}\n1:name=systemd:/docker/${id}\n` }],
  ["containerd under systemd", { "/proc/self/cgroup": `0::/system.slice/cri-containerd-${id}.scope\n` }],
  [
    "cgroup v2 of Docker",
    {
      "/proc/self/cgroup": "0::/\n",
      "/proc/self/mountinfo": `700 690 8:1 /var/lib/docker/containers/${id}/hostname /etc/hostname rw\n`,
    },
  ],
  [
    "Podman",
    {
      "/proc/self/cgroup": "0::/\n",
      "/proc/self/mountinfo": `1 2 0:1 /containers/storage/overlay-containers/${id}/userdata/hosts /etc/hosts rw\n`,
    },
  ],
])("the container id from %s", (_, files) => {
  expect(attributes([{}, {}], files as Record<string, string>)["container.id"]).toBe(id)
})

test("no container id outside of containers", () => {
  expect(attributes([{}, {}], { "/proc/self/cgroup": "0::/user.slice/user-0.slice\n" })).not.toHaveProperty(
    "container.id",
  )
})

test("a pod from environment, service account and cgroup", () => {
  const env = {
    KUBERNETES_SERVICE_HOST: "10.0.0.1",
    POD_NAME: "web-1",
    K8S_NODE_NAME: "node-1",
    K8S_CLUSTER_NAME: "c",
  }
  const files = {
    "/var/run/secrets/kubernetes.io/serviceaccount/namespace": "shop\n",
    "/proc/self/cgroup": `11:memory:/kubepods.slice/kubepods-pod${uid.replaceAll("-", "_")}.slice/cri-containerd-${id}.scope\n`,
  }
  expect(attributes([{}, env], files)).toMatchObject({
    "k8s.pod.name": "web-1",
    "k8s.pod.uid": uid,
    "k8s.namespace.name": "shop",
    "k8s.node.name": "node-1",
    "k8s.cluster.name": "c",
    "container.id": id,
  })
  expect(attributes([{}, { KUBERNETES_SERVICE_HOST: "10.0.0.1" }])).toMatchObject({
    "k8s.pod.name": "host-1",
  })
  expect(attributes([{}, { POD_NAME: "web-1" }])).not.toHaveProperty("k8s.pod.name")
})

test("detectors fill in what is not known, and one that hangs or fails holds up nothing", async () => {
  const never = new Promise<string>(() => undefined)
  const detectors = [
    { detect: () => ({ attributes: { "cloud.region": Promise.resolve("eu-1"), "host.name": "other" } }) },
    { detect: () => ({ attributes: { "cloud.hangs": never, "cloud.provider": "x" } }) },
    { detect: () => ({ attributes: { "cloud.fails": Promise.reject(new Error("no")) } }) },
    {
      detect: () => {
        throw new Error("no")
      },
    },
  ]
  const { config } = resolveConfig({ detectors }, {})
  const resource = createResource(config, { app, host: "host-1", detectorTimeout: 20 })
  expect(resource.asyncAttributesPending).toBe(true)
  await resource.waitForAsyncAttributes!()
  expect(resource.attributes).toMatchObject({
    "cloud.region": "eu-1",
    "cloud.provider": "x",
    "host.name": "host-1",
    "service.name": "shop",
  })
  expect(resource.attributes).not.toHaveProperty("cloud.hangs")
})
