import Ledger
import Watching

extension ResultRow {
    /// What the sidecar beside this result says otherwise than the ledger, for a person; nil where it is the sidecar that
    /// was written, as far as that can be told. That it is of this result at all, its identity tells.
    ///
    /// - Parameters:
    ///   - path: that of the capture.
    ///   - lab: that of the capture's root.
    func difference(of found: ResultCommit.FoundSidecar, path: CapturePath, lab: String) -> String? {
        if let sidecar, sidecar == found.digest { return nil }
        let (said, tree) = (found.sidecar, ResultTrees.Tree(delivery: delivery))
        let saidDelivery = tree == .held ? delivery : said.verdict.delivery.rawValue
        var others: [String] = []
        if path.digest(ofFile: said.source.sha256) != digest { others.append("source.sha256") }
        if said.verdict.value.rawValue != verdict { others.append("verdict.value") }
        if saidDelivery != delivery { others.append("verdict.delivery") }
        if said.capture?.place != path { others.append("capture.path") }
        // A lab may have got another name since, and what earlier versions made then has the former one's folder.
        if let own = said.capture?.lab, own != lab, !OutputNames.lies(output, inFolderOf: own) {
            others.append("capture.lab")
        }
        if !said.speaks(of: output, in: tree) { others.append("output.path") }
        if !others.isEmpty { return "the ledger has another \(others.joined(separator: ", "))" }
        return sidecar == nil ? nil : "the ledger has another SHA-256 of it"
    }
}
