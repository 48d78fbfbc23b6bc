async (what) => {
  const { openPhone } = await import("/static/js/store/phone.js");
  const { newId, sha256 } = await import("/static/js/core/ids.js");
  const phone = await openPhone();
  const programme = { id: "programme", code: "boulemane", name: { ar: "بولمان", fr: "Boulemane" }, role: "facilitator", organisation: null };
  await phone.meta.setAll({
    person: { id: "malika", username: "malika", name: { ar: "مليكة", fr: "Malika" }, language: "ar", programmes: [programme] },
    device: { id: "device-1", credential: "none", username: "malika" },
    clock_offset: 0,
    last_success_at: what.last_success_at ?? null,
  });
  let seq = 1;
  const changes = [];
  const put = (kind, id, data) => changes.push({ seq: seq++, kind, op: "put", id, data });
  for (const instrument of what.instruments ?? []) {
    const text = JSON.stringify(instrument.package);
    const hash = await sha256(text);
    await phone.catalogue.keep("packages", hash, text);
    const { form_id, version, title } = instrument.package;
    put("instrument", form_id, { form_id, version, sha256: hash, title, is_open: true, datasets: instrument.datasets ?? {} });
  }
  for (const { id, label, ...properties } of what.cooperatives ?? []) put("entity", id, { list: "cooperatives", label, version: 1, properties });
  for (const { id, list, label, ...properties } of what.entities ?? []) put("entity", id, { list, label, version: 1, properties });
  for (const { id, ...submission } of what.submissions ?? []) put("submission", id, submission);
  const ago = (hours) => new Date(Date.now() - hours * 3600e3).toISOString();
  const draft = (id, values) => ({
    id, owner: "malika", form_id: "diag", form_version: "1", form_sha256: "", programme_id: "programme", submission_id: newId(), parent_revision_id: null,
    subject: null, snapshot: {}, section: "", question: "", progress: 0, title: "", created_at: ago(2), updated_at: ago(1), remarks: [], files: [], encryption: "none", ...values,
  });
  for (const { id, ...values } of what.drafts ?? []) await phone.drafts.save(draft(id, values));
  for (const { revision_id, photos = [], receipt, state = "waiting", problem = null, parent = null, ...values } of what.items ?? []) {
    const submission = values.submission_id ?? newId();
    const envelope = JSON.stringify({ proto: 1, submission_id: submission, revision_id, parent_revision_id: parent, entities: [], answers: {} });
    const begun = draft(newId(), {});
    await phone.drafts.save(begun);
    await phone.drafts.finish(begun, {
      revision_id, submission_id: submission, owner: "malika", form_id: "diag", title: "", subject: null, envelope, sha256: await sha256(envelope), encryption: "none",
      finished_at: ago(1), attachments: [], state: "waiting", problem: null, attempts: 3, next_attempt_at: Date.now() + 3600e3, ...values,
    });
    const attachments = photos.map((photo, n) => ({ sha256: `${revision_id}-${n}`, size: 10, type: "image/jpeg", state: photo, offset: 0 }));
    const given = receipt ? { submission_id: submission, revision_id, sha256: "", server_seq: receipt, received_at: ago(0.5), missing: [], audit_head: "" } : null;
    await phone.outbox.settle([{ revision_id, patch: { state, problem, attachments }, receipt: given }]);
  }
  await phone.catalogue.apply("programme", { changes, next_cursor: "e.1.1", more: false, high_water: 1000 });
  await phone.close();
}
