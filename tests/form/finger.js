/**
 * Fills the open form in the page, as a finger would, from the first section to the last: it presses and types what stands there, and
 * looks at nothing else. `values`: answers by name of question ("" leaves it blank); rows of a repeat by its name, [{…}, …], one
 * where none are given; the rest it chooses: the choice at `turn` of each list, a plausible text, number or date.
 *
 * @returns {Promise<{answered: string[], stuck: string, revision: string}>} answered: names; stuck: what stopped it, "" at the end
 */
globalThis.fillAll = async (values, turn) => {
  const answered = new Set();
  const $ = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const frame = () => new Promise((resolve) => requestAnimationFrame(() => resolve()));
  async function until(found, what) {
    for (let n = 0; n < 600; n++) {
      const one = found();
      if (one) return one;
      await frame();
    }
    throw new Error(`waited for ${what}`);
  }
  const now = new Date();
  const DEFAULTS = { date: [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((part) => String(part).padStart(2, "0")).join("-"), time: "09:30", number: "5" };
  const everywhere = Object.fromEntries(Object.entries(values).filter(([, value]) => !Array.isArray(value)));

  function next(done) {
    return all(".blocks [data-path]").find((one) => {
      const outer = one.parentElement.closest(".repeat");
      return !done.has(one.dataset.path) && !one.hidden && !one.closest("[hidden]") && !(outer && $(".blocks").contains(outer));
    });
  }

  /** The next one, waited for while the page still makes questions as it has time. */
  async function following(done) {
    for (let one = next(done), many = -1; ; one = next(done)) {
      const made = all(".blocks [data-path]").length;
      if (one || made === many) return one;
      many = made;
      await new Promise((resolve) => requestIdleCallback(resolve, { timeout: 1000 }));
    }
  }

  async function section(given) {
    const done = new Set();
    for (let block = await following(done); block; block = await following(done)) {
      const { path } = block.dataset;
      done.add(path);
      const name = path.split("/").pop();
      if (block.classList.contains("repeat")) await rows(block, path, name, given[name]);
      else if (given[name] !== "" && (await answer(block, path, name, given[name]))) answered.add(name);
      await frame();
    }
  }

  /** @returns whether it is a question that could be answered */
  async function answer(block, path, name, wanted) {
    const options = all("label.option input", block);
    const picker = $("button.picker", block);
    const field = $("input.input, textarea", block);
    if (options.length && !options[0].disabled) {
      const several = options[0].type === "checkbox";
      const one = wanted === undefined ? options[Math.min(turn, options.length - 1)].value : wanted;
      for (const box of options)
        if (several ? box.checked !== one.split(" ").includes(box.value) : box.value === one && !box.checked) box.closest("label").click();
      return true;
    }
    if (picker && !picker.disabled) {
      if (wanted === undefined && !picker.classList.contains("blank")) return true; // filled by the form
      picker.click();
      const dialog = await until(() => $("dialog.overlay[open]"), `the list of ${name}`);
      const choices = all("button.choice", dialog);
      const chosen = wanted === undefined ? choices[Math.min(turn, choices.length - 1)] : choices.find((one) => one.dataset.value === wanted);
      chosen?.click();
      if ($("[aria-multiselectable=true]", dialog)) $(".overlay-foot .go", dialog).click();
      else if (!chosen) history.back();
      await until(() => !$("dialog.overlay[open]"), `${name} to be chosen`);
      return !!chosen;
    }
    if ($("input[type=file]", block)) {
      const canvas = Object.assign(document.createElement("canvas"), { width: 40, height: 40 });
      canvas.getContext("2d").fillRect(0, 0, 20, 20);
      const files = new DataTransfer();
      files.items.add(new File([await new Promise((resolve) => canvas.toBlob(resolve))], "a.png", { type: "image/png" }));
      const input = $("input[type=file]", block);
      input.files = files.files;
      input.dispatchEvent(new Event("change"));
      await until(() => $(`.blocks [data-path="${path}"] figure img`), `the photo of ${name}`);
      return true;
    }
    if ($("canvas.pad", block)) {
      for (const key of ["ArrowRight", "ArrowDown"]) $("canvas.pad", block).dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
      $("canvas.pad", block).dispatchEvent(new FocusEvent("blur"));
      await until(() => $(`.blocks [data-path="${path}"] figure.signature img`), `the signature of ${name}`);
      return true;
    }
    if (field && !field.disabled && !field.readOnly) {
      const known = field.value && wanted === undefined; // filled by the form
      const kind = field.type === "date" || field.type === "time" ? field.type : /numeric|decimal/.test(field.inputMode) ? "number" : "";
      if (!known) {
        field.value = wanted ?? DEFAULTS[kind] ?? `نص ${name}`;
        field.dispatchEvent(new Event("input", { bubbles: true }));
        field.dispatchEvent(new Event("change", { bubbles: true }));
      }
      field.dispatchEvent(new FocusEvent("blur"));
      return true;
    }
    const place = $("button.action", block);
    if (!place) return false;
    place.click();
    await until(() => $(`.blocks [data-path="${path}"] .q-value`), `the place of ${name}`);
    return true;
  }

  async function rows(block, path, name, lines = [{}]) {
    if (!lines.length) return;
    const given = lines.map((line) => ({ ...everywhere, ...line }));
    const again = () => $(`.blocks [data-path="${path}"]`);
    if (block.classList.contains("inline")) {
      for (let n = 1; n <= given.length; n++) {
        if (!$(`[data-path^="${path}[${n}]/"]`, again())) $("button.add", again()).click();
        await until(() => $(`[data-path^="${path}[${n}]/"]`, again()), `line ${n} of ${name}`);
        const done = new Set();
        for (;;) {
          const one = all(`[data-path^="${path}[${n}]/"]`, again()).find((each) => !each.hidden && !each.closest("[hidden]") && !done.has(each.dataset.path));
          if (!one) break;
          done.add(one.dataset.path);
          const inner = one.dataset.path.split("/").pop();
          if (given[n - 1][inner] !== "" && (await answer(one, one.dataset.path, inner, given[n - 1][inner]))) answered.add(inner);
          await frame();
        }
      }
      return;
    }
    if ($("form.quick-add", block)) {
      for (const row of given) {
        all("form.quick-add .option input", again())[row.p_consent === "no" ? 1 : 0].click();
        await frame();
        const typed = $("form.quick-add input.input", again());
        if (typed) {
          typed.value = row.p_name ?? "خديجة";
          typed.dispatchEvent(new Event("input", { bubbles: true }));
        }
        const before = all("button.person", again()).length;
        $("form.quick-add .go", again()).click();
        await until(() => all("button.person", again()).length > before, "the person");
      }
      for (const cell of all("tbody button.cell", again())) {
        cell.click();
        answered.add("att_status");
      }
      ["p_consent", "p_name"].forEach((one) => answered.add(one));
      $("button.person", again()).click();
    } else {
      const own = all(".row-card", block).filter((one) => one.closest(".repeat") === block);
      (own[0] ?? $("button.add", block)).click();
    }
    for (let n = 1; n <= given.length; n++) {
      await until(() => $(".row-title bdi")?.textContent.startsWith(`${n}/`), `row ${n} of ${name}`);
      await section(given[n - 1]);
      const more = $(".fill-foot .btn.plain");
      if (n < given.length) more.click();
    }
    $(".fill-foot .go").click();
    await until(() => !$(".row-title") && again(), `the end of ${name}`);
  }

  let at = "";
  try {
    while (!$(".finish-state")) {
      at = $(".fill-status h2").textContent;
      await section(values);
      $(".fill-foot .go").click();
      await until(() => $(".finish-state") || $(".fill-status h2").textContent !== at, "the next section").catch(() => {
        throw new Error(all(".q:has(.q-error)").map((one) => `${one.dataset.path}: ${$(".q-error", one).textContent.trim()}`).join("; "));
      });
    }
    if (!$(".finish-state.good")) throw new Error(all(".fault").map((one) => one.textContent.trim()).join("; "));
    $(".fill-foot .go").click();
    // A warning about an unusual answer is asked about once.
    await until(() => location.hash.startsWith("#/summary/") || ($(".finish-state.warn") && ($(".fill-foot .go").click(), false)), "the summary");
  } catch (error) {
    return { answered: [...answered], stuck: `${at}: ${error.message} ${error instanceof TypeError ? error.stack : ""}`, revision: "" };
  }
  return { answered: [...answered], stuck: "", revision: location.hash.split("/").pop() };
};
