import Ledger
import Watching

extension LiveConfiguration {
    /// What a place is, for a person.
    @Sendable func name(of place: Pauses.Place) -> String {
        switch place {
        case .machine: "all work"
        case .tree(let tree): tree.name(at: tree.directory(configuration))
        case .profile(let name): "profile \(name)"
        case .root(let id):
            root(id).map { "\($0.settings.lab): \($0.settings.path)" } ?? "a root that is not watched any more"
        }
    }

    /// How each place that the daemon needs is looked at.
    func looks(_ written: WrittenTrees) -> [Pauses.Place: TreeWatch.Look] {
        var looks: [Pauses.Place: TreeWatch.Look] = [:]
        for tree in [WrittenTree.output, .held, .quarantine] {
            looks[.tree(tree)] = { [self] in
                let settings = configuration.output
                let directory = tree.directory(settings)
                // Nothing may ever be held back, and then its tree is not needed.
                guard tree != .held || written.isKnown(directory) || TreeFiles.exists(Array(directory.utf8)) else {
                    return nil
                }
                do throws(TreeError) {
                    try FreeSpaceGuard(settings).check(try written.open(tree, at: directory))
                    return nil
                } catch {
                    written.refresh()
                    return error.message
                }
            }
        }
        for root in roots {
            // What is wrong with it the root's own watcher tells; here counts that there is an answer.
            looks[.root(root.id)] = {
                _ = try? RootIdentity(path: root.settings.path)
                return nil
            }
        }
        return looks
    }
}
