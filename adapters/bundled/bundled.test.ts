import { exchangeRatesSuite, geoLocatorSuite } from "../../ports/reference/reference.suite.ts"
import * as ExchangeRates from "./ExchangeRates.ts"
import * as GeoLocator from "./GeoLocator.ts"

geoLocatorSuite("bundled table", () => GeoLocator.layer())
exchangeRatesSuite("bundled ECB rates", () => ExchangeRates.layer)
