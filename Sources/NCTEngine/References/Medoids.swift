/// The members of a population that stand for it best (k-medoids as facility location).
///
/// Source: Kaufman and Rousseeuw, *Finding Groups in Data*, 1990 (PAM); the greedy start is within 1 − 1/e of the best
/// (Nemhauser, Wolsey, Fisher 1978).
package struct Medoids: Equatable {
    /// Positions among the candidates.
    package let chosen: [Int]
    /// Share of the population that is most like each of them, 0…1.
    package let shares: [Float]

    /// - Parameter likeness: a row a candidate, a column a member of the population; more is more alike. At least
    ///   `count` rows.
    package static func choose(_ count: Int, likeness: [[Float]]) -> Medoids {
        let members = likeness[0].count
        func value(_ chosen: [Int]) -> Float {
            (0..<members).reduce(0) { sum, member in sum + (chosen.map { likeness[$0][member] }.max() ?? 0) }
        }
        var chosen: [Int] = []
        while chosen.count < count {
            let best = likeness.indices.filter { !chosen.contains($0) }
                .map { (position: $0, value: value(chosen + [$0])) }
                .reduce((position: -1, value: -Float.infinity)) { $1.value > $0.value ? $1 : $0 }
            chosen.append(best.position)
        }
        var current = value(chosen)
        var isImproving = true
        while isImproving {
            isImproving = false
            for place in chosen.indices {
                for position in likeness.indices where !chosen.contains(position) {
                    var exchanged = chosen
                    exchanged[place] = position
                    let reached = value(exchanged)
                    // Only by more than rounding, so that it ends.
                    if reached > current * (1 + 1e-6) {
                        (chosen, current, isImproving) = (exchanged, reached, true)
                    }
                }
            }
        }
        var counts = [Int](repeating: 0, count: count)
        for member in 0..<members {
            let nearest = chosen.indices.reduce(0) {
                likeness[chosen[$1]][member] > likeness[chosen[$0]][member] ? $1 : $0
            }
            counts[nearest] += 1
        }
        return Medoids(chosen: chosen, shares: counts.map { Float($0) / Float(max(1, members)) })
    }
}
