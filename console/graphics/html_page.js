// One animation frame for each picture of the show, evenly spaced. Chromium's own come 60 times a second, whatever the
// show's rate, and would let every fifth step of a motion be twice as long at 50. Called by html_page.py.
(() => {
    const SLIP_MS = 100
    let asked = new Map(), due = new Map(), last = 0, began = 0
    window.requestAnimationFrame = call => { asked.set(++last, call); return last }
    window.cancelAnimationFrame = id => { asked.delete(id); due.delete(id) }
    Object.defineProperty(window, "podiumFrame", { value: at => {
        const slip = performance.now() - began - at
        if (Math.abs(slip) > SLIP_MS) began += slip;
        [due, asked] = [asked, new Map()]
        for (const call of due.values()) {
            try { call(began + at) } catch (error) { reportError(error) }
        }
        return `${document.readyState} ${location.protocol}`
    } })
})()
