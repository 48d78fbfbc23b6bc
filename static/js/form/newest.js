/** Whether an instrument of the phone is another version of a draft's form, that the draft may move to. A correction stays what it corrects. */

/** @param {any} draft @param {import("../store/catalogue.js").InstrumentRow} row */
export const isNewer = (draft, row) => row.form_id === draft.form_id && row.programme_id === draft.programme_id && row.sha256 !== draft.form_sha256
  && row.is_open && row.ready && !draft.parent_revision_id && draft.stays !== row.sha256;
