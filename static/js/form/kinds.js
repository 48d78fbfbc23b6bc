/**
 * What is drawn, by type: the appearances beside the plain question. Whatever is not here falls back to the plain question.
 * The object is JSON: the checks at publication read it from this file.
 *
 * `*`: on every question and group. A number at the end of a word stands for any (`w4`, `columns-3`).
 */
export const DRAWN = {
  "*": ["w1", "field-list"],
  "group": ["table-list"],
  "repeat": ["grid"],
  "note": ["label"],
  "text": ["multiline", "numbers", "url", "masked"],
  "integer": ["thousands-sep", "no-separator", "counter"],
  "decimal": ["thousands-sep", "no-separator", "bearing"],
  "range": ["vertical", "picker", "rating", "no-ticks"],
  "select_one": ["minimal", "autocomplete", "search", "quick", "likert", "columns", "columns-2", "columns-pack", "columns-flex", "compact", "compact-2", "horizontal", "no-buttons", "list-nolabel", "list"],
  "select_multiple": ["minimal", "autocomplete", "search", "columns", "columns-2", "columns-pack", "columns-flex", "compact", "compact-2", "horizontal", "no-buttons", "list-nolabel", "list"],
  "rank": [],
  "acknowledge": [],
  "date": ["month-year", "year", "no-calendar"],
  "time": [],
  "dateTime": [],
  "geopoint": [],
  "geotrace": [],
  "geoshape": [],
  "image": ["signature", "draw", "annotate", "new", "new-front"],
  "audio": [],
  "video": ["new", "new-front"],
  "file": [],
  "barcode": ["hidden-answer", "front"]
};

/** Why an appearance that other tools know is not drawn here; the plain question stands in for it. */
export const FALLS_BACK = {
  "maps": "no map without network: the place is taken where one stands",
  "map": "the choices stand in a list that can be searched",
  "placement-map": "no map without network: the place is taken where one stands",
  "image-map": "the choices stand in a list",
  "printer": "no printer is reached from a form",
  "ex:": "no other application is opened from a form"
};
