export default {
  testEnvironment: "node",
  transform: {},
  setupFilesAfterEnv: ["@clickstack/testing/jest"],
}
