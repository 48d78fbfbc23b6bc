/**
 * What is drawn: by type and appearance, the widget that draws it. What is not here falls back to the plain question. The
 * object is JSON: the checks at publication and the feature matrix read it from this file (app/instruments/kinds.py), and
 * widgets/more/choose.js chooses by it.
 *
 * "": the plain question. `own`: the first script's widget (widgets/index.js) reads the word itself. `style`: more.css does it.
 * `plain`: the plain question does so always. Any other word is a widget of choose.js. Of several appearances the one that
 * stands first here decides. `*`: every question and group. `#` at the end stands for a number (`w4`, `columns-3`).
 */
export const KINDS = {
  "*": { "field-list": "plain", "w#": "style" },
  "group": { "": "own", "table-list": "style" },
  "repeat": { "": "own", "grid": "own" },
  "note": { "": "own" },
  "text": { "": "own", "masked": "masked", "url": "link", "multiline": "own", "numbers": "own" },
  "integer": { "": "own", "counter": "counter", "no-separator": "plain", "thousands-sep": "own" },
  "decimal": { "": "own", "bearing": "bearing", "no-separator": "own", "thousands-sep": "plain" },
  "range": { "": "slider", "rating": "rating", "picker": "pick", "vertical": "slider", "no-ticks": "plain" },
  "select_one": {
    "": "own", "minimal": "own", "autocomplete": "own", "search": "own", "label": "tableHead", "list-nolabel": "tableRow", "list": "tableRow",
    "likert": "likert", "image-map": "imageMap", "columns-pack": "columns", "columns-flex": "columns", "columns-#": "columns", "columns": "columns",
    "compact-#": "columns", "compact": "columns", "horizontal": "columns", "no-buttons": "columns", "quick": "plain"
  },
  "select_multiple": {
    "": "own", "minimal": "own", "autocomplete": "own", "search": "own", "label": "tableHead", "list-nolabel": "tableRow", "list": "tableRow",
    "image-map": "imageMap", "columns-pack": "columns", "columns-flex": "columns", "columns-#": "columns", "columns": "columns",
    "compact-#": "columns", "compact": "columns", "horizontal": "columns", "no-buttons": "columns"
  },
  "rank": { "": "rank" },
  "acknowledge": { "": "acknowledge" },
  "date": { "": "own", "year": "year", "month-year": "monthYear", "no-calendar": "dateWheels" },
  "time": { "": "time" },
  "dateTime": { "": "dateTime" },
  "geopoint": { "": "own" },
  "geotrace": { "": "trace" },
  "geoshape": { "": "trace" },
  "image": { "": "own", "annotate": "annotate", "draw": "draw", "signature": "own", "new-front": "own", "new": "own" },
  "audio": { "": "recording" },
  "video": { "": "file", "new-front": "file", "new": "file" },
  "file": { "": "file" },
  "barcode": { "": "barcode", "hidden-answer": "barcode", "front": "barcode" }
};
