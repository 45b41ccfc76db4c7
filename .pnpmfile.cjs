// OpenTelemetry 3 asks for Node.js 22.15. Our tests run its encoder, which works on every version that we support,
// beside 2.12's; only its `engines` would keep `engine-strict` from installing it on 20. Without them in the lock
// file, installing works everywhere; resolving those packages anew on Node.js 20 takes
// `pnpm install --config.engine-strict=false`.
// So does the login at Azure that tedious brings, which loads on 20 and which no test uses.
const isOpenTelemetry3 = (pkg) =>
  pkg.name?.startsWith("@opentelemetry/") && /^(3\.|0\.3\d\d\.)/.test(pkg.version ?? "")

const isAzures = (pkg) => /^@(azure|azure-rest|typespec)\//.test(pkg.name ?? "")

module.exports = {
  hooks: {
    readPackage(pkg) {
      if (isOpenTelemetry3(pkg) || isAzures(pkg)) delete pkg.engines
      return pkg
    },
  },
}
