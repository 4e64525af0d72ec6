import { suite } from "../../ports/analytics/Pictures.suite.ts"
import * as EchartsPictures from "./Pictures.ts"

suite("echarts", EchartsPictures.layer)
