/** Where the domain gets what it must not take from its surroundings. */
const instead = {
  time: "time comes from Effect's Clock: yield* Clock.currentTimeMillis",
  chance: "ids and secrets come from the service SecureRandom of effect/crypto; Random is for sampling and simulation"
}

const properties = {
  Date: { now: instead.time },
  performance: { now: instead.time, timeOrigin: instead.time },
  Math: { random: instead.chance },
  crypto: { randomUUID: instead.chance, getRandomValues: instead.chance }
}

const isGlobal = (context, node) =>
  !context.sourceCode
    .getScope(node)
    .references.some(({ identifier, resolved }) => identifier === node && resolved?.defs.length)

/** No time and no chance from the surroundings: the same inputs give the same answer, and tests set both. */
const noAmbientInput = {
  meta: { type: "problem", schema: [] },
  create: (context) => ({
    MemberExpression(node) {
      if (node.object.type !== "Identifier" || !isGlobal(context, node.object)) return
      const name = node.computed ? node.property.value : node.property.name
      const message = properties[node.object.name]?.[name]
      if (message !== undefined) context.report({ node, message })
    },
    NewExpression(node) {
      if (node.callee.name === "Date" && node.arguments.length === 0 && isGlobal(context, node.callee)) {
        context.report({ node, message: instead.time })
      }
    },
    CallExpression(node) {
      if (node.callee.name === "Date" && isGlobal(context, node.callee)) context.report({ node, message: instead.time })
    },
    ImportDeclaration(node) {
      if (!["node:crypto", "crypto"].includes(node.source.value)) return
      for (const specifier of node.specifiers) {
        const name = specifier.imported?.name ?? "*"
        if (/^(random|getRandomValues|generate|webcrypto|\*$|default$)/.test(name)) {
          context.report({ node: specifier, message: instead.chance })
        }
      }
    }
  })
}

export default { meta: { name: "broxiva" }, rules: { "no-ambient-input": noAmbientInput } }
