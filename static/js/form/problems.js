/** What can keep a form from opening or finishing, said to the person in the field. */

import { t } from "../core/i18n.js";

export class FormProblem extends Error {
  /** @param {string} code @param {Record<string, any>} details */
  constructor(code, details) {
    super(code);
    this.code = code;
    this.details = details;
  }
}

/** @param {unknown} error @returns {{title: string, next: string}} what happened, and what to do next */
export function explain(error) {
  switch (error instanceof FormProblem ? error.code : "") {
    case "form.consent_missing":
      return {
        title: t("This form asks for names, and the programme has not said yet who answers for them."),
        next: t("An administrator fills the consent texts on the programme's page; then update this phone and open the form again."),
      };
    case "form.not_here":
      return {
        title: t("This form is not on the phone."),
        next: t("Connect to Internet and press “Send and update”; nothing that was filled is lost."),
      };
    case "form.part_missing":
      return {
        title: t("A part of the application that this form needs is not on the phone yet."),
        next: t("Connect to Internet and open the form again; nothing that was filled is lost."),
      };
    case "form.open_elsewhere":
      return { title: t("This form is open in another window."), next: t("You can continue here: the other window saves and closes it.") };
    case "form.no_draft":
      return { title: t("This draft is no longer here."), next: t("It may have been finished: look in the list of forms to send.") };
    case "form.sent_and_gone":
      return { title: t("This form was received and is safe at the office."), next: t("The phone has made room: its copy is no longer here.") };
    case "form.no_item":
      return { title: t("This form is not on the phone."), next: t("It may have been filled on another phone.") };
    case "form.not_saved":
      return {
        title: t("The phone could not save the last answers."),
        next: t("Free some space on the phone, then try again. Keep this page open."),
      };
    default:
      return { title: t("The form could not be opened."), next: t("What was saved stays on the phone. Close the page and open it again.") };
  }
}
