// Our phone page: installed, signed in, a draft of each form (compare.py prepared the profile). A section is a page of its own.
const phone = JSON.parse(process.env.DAFTAR_PHONE ?? '{}');

export default {
    profile: phone.profile,
    /** A new phone: signed in by a hand that loses no time, made ready with every form, and the form begun. */
    cold: {
        origin: phone.url,
        url: (site) => `${site}/field/`,
        hand: ({ title, account }) => {
            let typed = false;
            new MutationObserver(() => {
                const name = document.querySelector('#username');
                if (name && !typed) {
                    typed = true;
                    name.value = account.username;
                    document.querySelector('#password').value = account.password;
                    name.form.requestSubmit();
                }
                // Before what is checked stands there, nothing is ready yet.
                if (document.querySelector('.checks [data-check]')) document.querySelector('main a.go[href="#/today"]')?.click();
                [...document.querySelectorAll('.start')].find((one) => one.textContent.includes(title))?.click();
            }).observe(document, { childList: true, subtree: true });
        },
    },
    url: (_site, form) => `${phone.url}/field/#/form/${phone.drafts[form]}`,
    question: '.q',
    input: 'input.input, textarea.input, input[type=radio]',
    ready: '.fill .blocks .q',
    commit: null,
    option: 'label.option',
    picker: { open: 'button.picker', choice: 'dialog .choice' },
    async language(page, { code }) {
        await page.locator(`.fill-bar .pill[lang=${code}]`).click();
    },
    /** Rows have a page each: the next one is begun from the last. */
    rows: {
        async open(page) {
            await section(page, 'القطع');
            await page.locator('.repeat .btn.add').click();
        },
        close: (page) => section(page, 'التعريف'),
        add: '.fill-foot .btn.plain',
        title: '.row-title bdi',
        text: (n) => `${n}/${n}`,
    },
};

async function section(page, words) {
    await page.locator('.fill-bar .pill[aria-haspopup=dialog]').click();
    await page.locator('dialog .jump-item').filter({ hasText: words }).first().click();
}
