/// Which known name was probably meant.
public enum NearestName {
    /// The known name with the fewest edits from `name`, nil if none is near (more than a third of its letters, and
    /// more than two, would have to change).
    public static func of(_ name: String, among known: some Sequence<String>) -> String? {
        let best = known.map { (name: $0, distance: distance(name, $0)) }
            .min { ($0.distance, $0.name) < ($1.distance, $1.name) }
        guard let best, best.distance <= max(2, best.name.count / 3) else { return nil }
        return best.name
    }

    /// Edits (insertion, deletion, replacement, exchange of neighbors) that turn one into the other: the optimal
    /// string alignment distance. Cost: the product of the lengths.
    public static func distance(_ first: String, _ second: String) -> Int {
        let a = Array(first.lowercased())
        let b = Array(second.lowercased())
        var table = [[Int]](repeating: Array(0...b.count), count: a.count + 1)
        for i in 0..<a.count {
            table[i + 1][0] = i + 1
            for j in 0..<b.count {
                let replaced = table[i][j] + (a[i] == b[j] ? 0 : 1)
                var best = min(replaced, table[i][j + 1] + 1, table[i + 1][j] + 1)
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, table[i - 1][j - 1] + 1) }
                table[i + 1][j + 1] = best
            }
        }
        return table[a.count][b.count]
    }
}
