/// Holds the trees of a configuration against each other, with links resolved: the daemon must not watch its own output,
/// and no capture may belong to two labs.
struct TreeCheck {
    let configuration: DaemonConfiguration
    /// The tables of the watches, in their order.
    let tables: [TableReader]
    let daemon: TableReader
    let output: TableReader

    func run() {
        let roots = configuration.watches.map { $0.path.isEmpty ? nil : ResolvedPath.of($0.path) }
        for (index, watch) in configuration.watches.enumerated() {
            for (earlier, other) in configuration.watches[..<index].enumerated() {
                if watch.lab == other.lab, !watch.lab.isEmpty {
                    tables[index].report(
                        ["lab"], "\"\(watch.lab)\" is the lab of \(other.path) as well, and their results would mix",
                        remedy: "give each watched tree a lab of its own")
                }
                guard let root = roots[index], let first = roots[earlier] else { continue }
                if ResolvedPath.isWithin(root, first) || ResolvedPath.isWithin(first, root) {
                    let relation = root == first ? "is" : ResolvedPath.isWithin(root, first) ? "lies in" : "holds"
                    tables[index].report(
                        ["path"],
                        "\(named(watch.path, root)) \(relation) \(named(other.path, first)), which is watched",
                        remedy: "watch each tree once; rules with path give parts of it to other profiles")
                }
            }
        }
        let own: [(reader: TableReader, key: String, path: String)] = [
            (output, "directory", configuration.output.directory),
            (output, "held_directory", configuration.output.heldDirectory),
            (output, "removed_directory", configuration.output.removedDirectory),
            (output, "quarantine_directory", configuration.output.quarantineDirectory),
            (daemon, "state_directory", configuration.stateDirectory),
        ].filter {
            // The default quarantine lies in the state directory, which speaks for it.
            switch $0.key {
            case "held_directory", "removed_directory": configuration.output.directory != ""
            case "quarantine_directory": $0.path != "" && output.contains($0.key)
            default: $0.path != ""
            }
        }
        for place in own {
            let resolved = ResolvedPath.of(place.path)
            for (watch, root) in zip(configuration.watches, roots) {
                guard let root, ResolvedPath.isWithin(resolved, root) || ResolvedPath.isWithin(root, resolved)
                else { continue }
                // The default trees beside the output are spoken for by the output.
                if ["held_directory", "removed_directory"].contains(place.key), !output.contains(place.key),
                    ResolvedPath.isWithin(ResolvedPath.of(configuration.output.directory), root)
                {
                    continue
                }
                let relation = ResolvedPath.isWithin(resolved, root) ? "lies in" : "holds"
                place.reader.report(
                    [place.key], "\(named(place.path, resolved)) \(relation) the watched \(named(watch.path, root))",
                    remedy: "choose a directory apart from all watched trees")
            }
        }
        // The output holds results alone, and what is held back or removed nothing else either.
        let names = [
            "directory": "the output", "held_directory": "the tree of held results",
            "removed_directory": "the tree of removed results",
        ]
        for (index, tree) in own.enumerated() {
            guard let name = names[tree.key] else { continue }
            let result = ResolvedPath.of(tree.path)
            for place in own[(index + 1)...] {
                let resolved = ResolvedPath.of(place.path)
                guard ResolvedPath.isWithin(resolved, result) || ResolvedPath.isWithin(result, resolved) else {
                    continue
                }
                place.reader.report(
                    [place.key],
                    "\(named(place.path, resolved)) and \(name) \(named(tree.path, result)) lie in each other",
                    remedy: "choose a directory apart from it, which holds results alone")
            }
        }
    }

    private func named(_ path: String, _ resolved: String) -> String {
        path == resolved ? path : "\(path) (that is \(resolved))"
    }
}
