/* What the renderer needs of the parser: the models. */

export {
  isAsyncAPIDocument,
  isOldAsyncAPIDocument,
  isStringifiedDocument,
  toAsyncAPIDocument,
} from "@asyncapi/parser/esm/document.js";
export { Schema as SchemaV2 } from "@asyncapi/parser/esm/models/v2/schema.js";
export { unstringify } from "@asyncapi/parser/esm/stringify.js";

export class Parser {}
export const fromURL = undefined;
