import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { ArchetypeCheck, ArchetypeReport, archetypes } from "../../ports/experiments/Archetype.ts"
import { MadeQaLink, NewQaLink, QaLink } from "../../ports/experiments/QaLink.ts"
import { qaOverrides } from "../../ports/experiments/QaOverride.ts"
import { Admission } from "./Admission.ts"
import { changes, creates, EndpointRules, reads } from "./EndpointRules.ts"
import { page } from "./pages.ts"
import { Cursor, Id, Limit } from "./parameters.ts"
import { resourceEndpoints } from "./resource.ts"

const scopes = { read: "experiments:read", write: "experiments:write" }
const links = "/experiments/qa-links"
const link = `${links}/:id` as const

/** Testers who get chosen variants, and are never exposed. The id of an override is its key. */
export class QaOverridesGroup extends HttpApiGroup.make("qaOverrides")
  .add(...resourceEndpoints({ ...qaOverrides, path: "/experiments/qa-overrides", scopes }))
  .middleware(Admission) {}

/** Signed links by which whoever opens them sees chosen variants for a time, and is not exposed. */
export class QaLinksGroup extends HttpApiGroup.make("qaLinks")
  .add(
    HttpApiEndpoint.get("list", links, { query: { limit: Limit, cursor: Cursor }, success: page(QaLink) })
      .annotate(EndpointRules, reads(scopes.read))
      .annotate(OpenApi.Summary, "Links that are neither over nor revoked, newest first."),
    HttpApiEndpoint.post("create", links, {
      payload: NewQaLink,
      success: MadeQaLink.pipe(HttpApiSchema.status(201))
    })
      .annotate(EndpointRules, creates(scopes.write))
      .annotate(
        OpenApi.Summary,
        "A signed token that forces variants, 24 hours by default and 7 days at most: evaluations take it as `?qa=` or `X-QA-Link`."
      ),
    HttpApiEndpoint.get("read", link, { params: { id: Id }, success: QaLink })
      .annotate(EndpointRules, reads(scopes.read))
      .annotate(OpenApi.Summary, "What a link forces, and until when."),
    HttpApiEndpoint.delete("revoke", link, { params: { id: Id } })
      .annotate(EndpointRules, changes(scopes.write))
      .annotate(OpenApi.Summary, "Revoke a link: its token is refused from now on.")
  )
  .middleware(Admission) {}

/** Typical visitors with what flags are to give them. The id of an archetype is its key. */
export class ArchetypesGroup extends HttpApiGroup.make("archetypes")
  .add(
    HttpApiEndpoint.post("check", "/experiments/archetypes/check", {
      payload: ArchetypeCheck,
      success: ArchetypeReport
    })
      .annotate(EndpointRules, reads(scopes.read))
      .annotate(
        OpenApi.Summary,
        "Whether flags give every archetype what it expects, now or with a draft of a flag; stored assignments are not asked for. Exposes nobody."
      ),
    ...resourceEndpoints({ ...archetypes, path: "/experiments/archetypes", scopes })
  )
  .middleware(Admission) {}
