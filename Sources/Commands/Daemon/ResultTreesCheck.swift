import Config
import Daemon
import Ledger
import Watching

/// Whether the trees of results are those that the ledger knows: of any others all results would seem to be lost.
struct ResultTreesCheck {
    let ledger: Ledger
    /// What is to be done with them, for a person.
    let purpose: String
    /// Whether they are to be written to.
    let isWriting: Bool

    /// Throws ``UsageError`` where a tree is not the one that it was.
    ///
    /// - Parameter isNamed: a person names it in place of the configuration, so that it may be a copy in another place.
    func check(_ directories: [(tree: WrittenTree, path: String)], isNamed: Bool = false) throws {
        let known = ledger.identities
        for (tree, path) in directories {
            let isNew = known[path] == nil
            if isNew, !isNamed || tree != .output { continue }
            let answer = Answer.within(path) { () -> String? in
                let trouble =
                    isNew
                    ? WrittenTrees.trouble(ofCopyOf: tree, at: path, known: known.values.map(\.id))
                    : WrittenTrees.trouble(
                        of: tree, at: path, known: known[path], state: nil, isWriting: isWriting)
                return trouble?.description
            }
            if let text = answer ?? "\(path): it does not answer" {
                throw UsageError("\(tree.title) cannot be \(purpose): \(text)", remedy: "nothing was done")
            }
        }
    }
}
