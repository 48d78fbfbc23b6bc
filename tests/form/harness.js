// The least of a page around the form: the real store, the real engine, two addresses. Tests call window.harness. It goes out
// as one script, made as the phone's own is: 119 modules for each page of each test took a third of the suite's time.
import { applyLanguage } from "../../static/js/core/i18n.js";
import { openFormPage } from "../../static/js/form/form-page.js";
import {} from "../../static/js/form/more.js";
import {} from "../../static/js/form/later.js";
import { buildEnvelope } from "../../static/js/form/envelope.js";
import { readForm, startCorrection, startDraft } from "../../static/js/form/session.js";
import { openSummaryPage } from "../../static/js/form/summary.js";
import { createRouter, parseRoute } from "../../static/js/pages/router.js";
import { openPhone } from "../../static/js/store/phone.js";

const person = { id: "0190a000-0000-7000-8000-000000000001", username: "amina" };
const CONSENT = {
  responsible_org: { ar: "جمعية الأمل للتنمية", fr: "Association Al Amal" }, programme_name: { ar: "برنامج بولمان", fr: "Programme Boulemane" },
  recipients: { ar: "غرفة الصناعة التقليدية", fr: "Chambre d’artisanat" }, retention: { ar: "خمس سنوات", fr: "Cinq ans" },
  contact_person: { ar: "خديجة", fr: "Khadija" }, contact_details: { ar: "0535000000", fr: "0535000000" },
  cndp_kind: { ar: "تصريح", fr: "Déclaration" }, cndp_number: { ar: "D-1/2026", fr: "D-1/2026" },
};

async function begin() {
  const root = document.getElementById("app");
  applyLanguage();
  const phone = await openPhone();
  await phone.meta.set("device", { id: "0190a000-0000-7000-8000-0000000000d1" });
  await phone.meta.set("person", person);

  let shown = null;
  const router = createRouter({
    first: () => parseRoute(location.hash) ?? { page: "today", args: [], hash: "#/today" },
    async show({ page, args }) {
      shown?.close();
      shown = null;
      const host = document.createElement("div");
      host.className = "view";
      root.replaceChildren(host);
      if (page === "form") shown = await openFormPage(host, { phone, draftId: args[0], navigate: router.navigate });
      else if (page === "summary") shown = await openSummaryPage(host, { phone, revisionId: args[0], navigate: router.navigate });
      else host.textContent = page;
    },
  });

  window.harness = {
    phone, router, person,
    /** Puts a compiled instrument and its lists on the phone. */
    async install({ pkg, sha256, datasets, entities = [], consent = CONSENT }) {
      await phone.catalogue.keep("packages", sha256, pkg);
      const { form_id, version, title, datasets: sources } = JSON.parse(pkg);
      for (const [hash, text] of Object.entries(datasets)) await phone.catalogue.keep("datasets", hash, text);
      const hashes = Object.fromEntries(Object.entries(sources).filter(([, one]) => one.sha256).map(([name, one]) => [name, one.sha256]));
      const changes = [
        { seq: 1, kind: "programme", op: "put", id: "p1", data: { name: CONSENT.programme_name, consent } },
        { seq: 2, kind: "instrument", op: "put", id: form_id, data: { form_id, version, sha256, title, is_open: true, datasets: hashes } },
        ...entities.map((row, index) => ({ seq: 3 + index, kind: "entity", op: "put", id: row.id, data: { ...row, version: 1 } })),
      ];
      await phone.catalogue.apply("p1", { changes, next_cursor: "e.1.1", more: false, high_water: 1 });
    },
    async start(formId, options = {}) {
      const [instrument] = (await phone.catalogue.instruments("p1")).filter((row) => row.form_id === formId);
      const programme = await phone.catalogue.programme("p1");
      const id = await startDraft(phone, { instrument, programme, person, ...options });
      router.navigate(`#/form/${id}`);
      return id;
    },
    async summary(draftId) {
      shown = await openSummaryPage(root.firstElementChild, { phone, draftId, navigate: router.navigate });
    },
    /** What would be sent of a draft. */
    async envelope(draftId) {
      const draft = await phone.drafts.get(draftId);
      return (await buildEnvelope({ phone, draft, title: "", ...(await readForm(phone, draft)) })).envelope;
    },
    async correct(submission) {
      const id = await startCorrection(phone, { submission: { programme_id: "p1", ...submission }, person });
      router.navigate(`#/form/${id}`);
      return id;
    },
  };
  await router.start();
  document.documentElement.dataset.ready = "yes";
}

void begin();
