// One HTML page, let in as far as a graphic needs it: it stays on its host, keeps nothing, reads no file but those
// beside it, opens no window, downloads nothing, asks for no right, and its certificate has to hold.
import QtQuick
import QtWebEngine

WebEngineView {
    id: view

    // What gives the orders and is told what happened: see html_page.py.
    required property var desk

    property string home: ""

    function hostOf(address) { return address.toLowerCase().replace(/^[a-z]+:\/\/([^/?#]*@)?/, "").replace(/[/?#].*$/, "").replace(/:(80|443)$/, "") }
    function folderOf(address) { return address.replace(/[?#].*$/, "").replace(/[^/]*$/, "") }
    function isBeside(address) { return folderOf(address).startsWith(folderOf(home)) && !/\.\.|%2e/i.test(address) }
    function mayShow(address, isMain) {
        if (/^file:/i.test(address) || (isMain && /^file:/i.test(home))) return isBeside(address)
        if (!/^https?:/i.test(address)) return !isMain && /^(data|blob|about):/i.test(address)
        return !isMain || (hostOf(address) === hostOf(home) && !(/^https:/i.test(home) && /^http:/i.test(address)))
    }

    function told(what, more) { desk.told(what, more) }

    Connections {
        target: view.desk
        function onOpen(address) { view.home = address; view.url = address }
        function onRun(script) { view.runJavaScript(script) }
        function onAsk(script) { view.runJavaScript(script, answer => view.told("answered", String(answer))) }
    }

    backgroundColor: "transparent"
    audioMuted: true
    profile: WebEngineProfile {
        offTheRecord: true
        httpCacheType: WebEngineProfile.MemoryHttpCache
        persistentCookiesPolicy: WebEngineProfile.NoPersistentCookies
        onDownloadRequested: download => { download.cancel(); view.told("refused", "a download") }
    }
    settings.allowWindowActivationFromJavaScript: false
    settings.errorPageEnabled: false
    settings.hyperlinkAuditingEnabled: false
    settings.javascriptCanAccessClipboard: false
    settings.javascriptCanOpenWindows: false
    settings.localContentCanAccessFileUrls: false
    settings.localContentCanAccessRemoteUrls: false
    settings.pdfViewerEnabled: false
    settings.playbackRequiresUserGesture: false
    settings.pluginsEnabled: false
    settings.screenCaptureEnabled: false
    settings.showScrollBars: false
    settings.webRTCPublicInterfacesOnly: true
    userScripts.collection: [{
        name: "frames",
        injectionPoint: WebEngineScript.DocumentCreation,
        worldId: WebEngineScript.MainWorld,
        sourceUrl: Qt.resolvedUrl("html_page.js")
    }]

    onLoadingChanged: info => {
        if (info.status === WebEngineView.LoadSucceededStatus) told("loaded", "")
        else if (info.status === WebEngineView.LoadFailedStatus) told("failed", info.errorString)
    }
    onRenderProcessTerminated: (status, code) => told("gone", String(code))
    onNavigationRequested: request => {
        const address = String(request.url)
        if (mayShow(address, request.isMainFrame)) return
        request.reject()
        told(request.isMainFrame ? "strayed" : "refused", address)
    }
    onCertificateError: error => { error.rejectCertificate(); told("untrusted", error.description) }
    onNewWindowRequested: () => told("refused", "a window")
    onPermissionRequested: permission => { permission.deny(); told("refused", "a permission") }
    onDesktopMediaRequested: () => told("refused", "a screen")
    onRegisterProtocolHandlerRequested: request => { request.reject(); told("refused", "a protocol") }
    onJavaScriptDialogRequested: request => {
        request.accepted = true
        request.dialogReject()
        told("refused", "a dialogue")
    }
    onAuthenticationDialogRequested: request => {
        request.accepted = true
        request.dialogReject()
        told("refused", "a password")
    }
    onFileDialogRequested: request => {
        request.accepted = true
        request.dialogReject()
        told("refused", "a file")
    }
    onColorDialogRequested: request => {
        request.accepted = true
        request.dialogReject()
        told("refused", "a colour")
    }
    onContextMenuRequested: request => request.accepted = true
    onFullScreenRequested: request => request.reject()
    onJavaScriptConsoleMessage: (level, message) => {
        if (level === WebEngineView.ErrorMessageLevel) told("complained", message)
    }
}
