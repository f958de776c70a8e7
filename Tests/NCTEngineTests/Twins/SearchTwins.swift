import CKernelTwins
import CKernels
import NCTEngine

// The twins of `search.c`: by the fast kernel and by its twin.
extension SearchKernels {
    /// Where the cells' lists start, and their entries.
    static func cells(of map: SearchMap) -> (fast: [[UInt32]], scalar: [[UInt32]]) {
        both(from: []) {
            guard $0 else { return $1 = [map.cells.starts, map.cells.entries] }
            let count = map.cells.starts.count - 1
            var numbers = [UInt32](repeating: 0, count: map.width * map.height)
            var starts = [UInt32](repeating: 0, count: count + 1)
            var entries = [UInt32](repeating: 0, count: map.cells.entries.count)
            withMap(map) { view in
                var view = view
                nct_cells_scalar(&view, 0, map.height, &numbers)
            }
            nct_cell_lists_scalar(numbers, map.width, map.height, count, &starts, &entries)
            $1 = [starts, entries]
        }
    }

    static func measured(
        _ field: NearestNeighborField, source: SearchMap, target: SearchMap, seed: UInt64, strips: [Range<Int>]
    ) -> (fast: NearestNeighborField, scalar: NearestNeighborField) {
        both(from: field) {
            guard $0 else {
                return measure(
                    &$1, source: source, target: target, seed: seed, strips: strips, workers: Workers(threads: 2))
            }
            withBoth(source, target, &$1) { maps, positions, distances in
                var (source, target) = (maps.source, maps.target)
                for strip in strips {
                    nct_field_distances_scalar(
                        &source, &target, seed, strip.lowerBound, strip.upperBound, positions.base, distances.base)
                }
            }
        }
    }

    static func iterated(
        _ field: NearestNeighborField, source: SearchMap, target: SearchMap, seed: UInt64, backward: Bool,
        strips: [Range<Int>]
    ) -> (fast: NearestNeighborField, scalar: NearestNeighborField) {
        both(from: field) {
            guard $0 else {
                return iterate(
                    &$1, source: source, target: target, seed: seed, backward: backward, strips: strips,
                    workers: Workers(threads: 2))
            }
            withBoth(source, target, &$1) { maps, positions, distances in
                var (source, target) = (maps.source, maps.target)
                for strip in strips {
                    nct_patchmatch_strip_scalar(
                        &source, &target, seed, backward ? 1 : 0, strip.lowerBound, strip.upperBound,
                        field.positions, positions.base, distances.base)
                }
            }
        }
    }

    /// The field that goes the other way.
    static func exchanged(
        _ field: NearestNeighborField, of source: SearchMap, to reverse: NearestNeighborField, of target: SearchMap
    ) -> (fast: NearestNeighborField, scalar: NearestNeighborField) {
        both(from: reverse) {
            guard $0 else {
                return exchange(field, of: source, to: &$1, of: target, workers: Workers(threads: 2))
            }
            withBoth(source, target, &$1) { maps, positions, distances in
                var (source, target) = (maps.source, maps.target)
                nct_field_exchange_scalar(
                    &source, &target, field.positions, field.distances, 0, maps.target.height, positions.base,
                    distances.base)
            }
        }
    }

    static func patchDistance(
        _ a: SearchMap, _ ax: Int, _ ay: Int, _ b: SearchMap, _ bx: Int, _ by: Int
    ) -> (fast: UInt32, scalar: UInt32) {
        withMap(a) { a in
            withMap(b) { b in
                var (a, b) = (a, b)
                return both(from: UInt32(0)) {
                    $1 = ($0 ? nct_patch_distance_scalar : nct_patch_distance)(&a, ax, ay, &b, bx, by)
                }
            }
        }
    }

    /// The voted colors and the squared errors.
    typealias Vote = (colors: [Float], errors: [Float])

    static func vote(
        source: SearchMap, target: SearchMap, colors: [Float], field: [UInt32], reverseStarts: [UInt32],
        reverse: [UInt32], weight: Float
    ) -> (fast: Vote, scalar: Vote) {
        let empty: Vote = ([], [])
        return both(from: empty) {
            guard $0 else {
                return $1 = vote(
                    source: source, target: target, colors: colors, field: field, reverseStarts: reverseStarts,
                    reverse: reverse, weight: weight, workers: Workers(threads: 2))
            }
            $1 = withVote(
                source: source, target: target, colors: colors, field: field, reverseStarts: reverseStarts,
                reverse: reverse, weight: weight
            ) { shared, colors, errors in
                var input = shared.input
                nct_vote_scalar(&input, 0, source.height, colors.base, errors.base)
            }
        }
    }
}
