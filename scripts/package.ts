import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import { basename, join, resolve } from "node:path"
import process from "node:process"

/**
 * `npm pack` makes the package that other projects use: domain, ports, contract and client, compiled to JavaScript.
 * `build` compiles them and puts a manifest in place that names only what they need at run time, without the engines
 * of the service; `restore` puts the service's own manifest back.
 */

const root = resolve(import.meta.dirname, "..")
const dist = join(root, "dist")
const manifest = join(root, "package.json")
const kept = join(root, "package.json.kept")
/** Every folder below these becomes a module of the package. */
const trees = ["domain", "ports", "http/contract"]

const filesBelow = (folder: string, ends: string): ReadonlyArray<string> =>
  fs
    .readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(ends))
    .map((name) => join(folder, name))

/** Declarations name their neighbours as the JavaScript does. */
const nameJavaScript = (file: string): void => {
  const text = fs.readFileSync(file, "utf8")
  fs.writeFileSync(file, text.replaceAll(/((?:from|import)[ (]")(\.{1,2}\/[^"]+)\.ts"/g, '$1$2.js"'))
}

/** Beside each folder a file that exports every file and folder in it as a namespace of its name. */
const writeEntries = (folder: string): void => {
  const entries = fs.readdirSync(folder, { withFileTypes: true })
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  for (const name of folders) writeEntries(join(folder, name))
  const files = entries.map((entry) => entry.name).filter((name) => name.endsWith(".js"))
  const names = [...new Set([...files.map((name) => basename(name, ".js")), ...folders])].toSorted()
  const own = basename(folder)
  const text = names.map((name) => `export * as ${name} from "./${own}/${name}.js"\n`).join("")
  for (const extension of [".js", ".d.ts"]) {
    if (fs.existsSync(folder + extension)) throw new Error(`${folder} is a folder and a file: name one of them anew`)
    fs.writeFileSync(folder + extension, text)
  }
}

/** Packages that the compiled files import. */
const importedPackages = (): ReadonlySet<string> => {
  const imports = /^(?:import|export)\b(?:[^"';]*\bfrom)? *["']([^."'][^"']*)["']/gm
  const specifiers = filesBelow(dist, ".js").flatMap((file) =>
    [...fs.readFileSync(file, "utf8").matchAll(imports)].map((match) => match[1]!)
  )
  const names = specifiers.filter((each) => !each.startsWith("node:")).map((each) => packageOf(each))
  return new Set(names)
}

const packageOf = (specifier: string): string =>
  specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/")

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>
  readonly [field: string]: unknown
}

/** `effect` is the consumer's own, so that both speak of the same services; its minor version counts. */
const slim = (full: Manifest): Record<string, unknown> => {
  const { dependencies, devDependencies: _dev, optionalDependencies: _optional, scripts: _scripts, ...rest } = full
  const imported = [...importedPackages()].toSorted()
  const missing = imported.filter((name) => dependencies[name] === undefined)
  if (missing.length > 0) throw new Error(`not among the dependencies: ${missing.join(", ")}`)
  const versions = imported.filter((name) => name !== "effect").map((name) => [name, dependencies[name]] as const)
  return {
    ...rest,
    dependencies: Object.fromEntries(versions),
    peerDependencies: { effect: `~${dependencies["effect"]}` }
  }
}

const restore = (): void => {
  if (fs.existsSync(kept)) fs.renameSync(kept, manifest)
}

const build = (): void => {
  restore()
  fs.rmSync(dist, { recursive: true, force: true })
  execFileSync(join(root, "node_modules/.bin/tsc"), ["-p", "tsconfig.package.json"], { cwd: root, stdio: "inherit" })
  for (const tree of trees) writeEntries(join(dist, tree))
  for (const file of filesBelow(dist, ".d.ts")) nameJavaScript(file)
  const full = JSON.parse(fs.readFileSync(manifest, "utf8")) as Manifest
  const text = `${JSON.stringify(slim(full), undefined, 2)}\n`
  fs.copyFileSync(manifest, kept)
  fs.writeFileSync(manifest, text)
}

const command = process.argv[2]
if (command === "build") build()
else if (command === "restore") restore()
else throw new Error("usage: node scripts/package.ts build | restore")
