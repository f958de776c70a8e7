import CKernels

/// The bridge to the C kernels of the search and the vote.
package enum SearchKernels {
    package static let quantizationLimit = Int(NCT_QUANTIZATION_LIMIT)

    /// Quantizes one image's features into its place in a padded map, and repeats its border.
    static func place(
        _ features: FeatureMap, labels: LabelMap<Cluster>?, label: Int8, scale: Float, dimensions: Int,
        atColumn column: Int, stride: Int, into values: inout [Int8], workers: Workers
    ) {
        let (width, height, components) = (features.width, features.height, features.channels)
        values.withUnsafeMutableBufferPointer { values in
            features.values.withUnsafeBufferPointer { features in
                let (from, to) = (SharedConstPointer(features), SharedPointer(values))
                workers.forEach(height, grain: 16) { range in
                    for y in range {
                        let row = to.base + ((y + 1) * stride + column + 1) * dimensions
                        nct_quantize(
                            from.base + y * width * components, width, components, scale, Float(quantizationLimit),
                            row, dimensions)
                        if let labels {
                            for x in 0..<width {
                                row[x * dimensions + components + Int(labels.bytes[y * width + x])] = label
                            }
                        }
                        for d in 0..<dimensions {
                            row[d - dimensions] = row[d]
                            row[width * dimensions + d] = row[(width - 1) * dimensions + d]
                        }
                    }
                }
                let first = to.base + (stride + column) * dimensions
                let last = to.base + (height * stride + column) * dimensions
                (first - stride * dimensions).update(from: first, count: (width + 2) * dimensions)
                (last + stride * dimensions).update(from: last, count: (width + 2) * dimensions)
            }
        }
    }

    /// Calls `body` with C views of a map; they are valid only inside.
    package static func withMap<R>(_ map: SearchMap, _ body: (nct_map) -> R) -> R {
        map.values.withUnsafeBufferPointer { values in
            map.columnHeights.withUnsafeBufferPointer { heights in
                map.columns.withUnsafeBufferPointer { columns in
                    map.cells.starts.withUnsafeBufferPointer { starts in
                        map.cells.entries.withUnsafeBufferPointer { entries in
                            body(
                                nct_map(
                                    values: values.baseAddress!, stride: map.stride, width: map.width,
                                    height: map.height, columnHeights: heights.baseAddress!,
                                    columns: columns.baseAddress!, columnCount: columns.count,
                                    dimensions: map.dimensions, components: map.components, labels: map.labelCount,
                                    cellStarts: starts.baseAddress, cellEntries: entries.baseAddress))
                        }
                    }
                }
            }
        }
    }

    /// A map's pixels by the cell that their first components fall into.
    package static func cells(of map: SearchMap, workers: Workers) -> SearchMap.Cells {
        let count = max(1, map.labelCount) * Int(NCT_CELLS)
        return withMap(map) { view in
            let view = Maps(source: view, target: view)
            let numbers = [UInt32](unsafeUninitializedCapacity: map.width * map.height) { numbers, initialized in
                let to = SharedPointer(numbers)
                workers.forEach(map.height, grain: 32) { range in
                    var map = view.source
                    nct_cells(&map, range.lowerBound, range.upperBound, to.base)
                }
                initialized = map.width * map.height
            }
            var starts = [UInt32](repeating: 0, count: count + 1)
            let valid = map.regions.reduce(0) { $0 + $1.width * $1.height }
            let entries = [UInt32](unsafeUninitializedCapacity: valid) { entries, initialized in
                nct_cell_lists(
                    numbers, map.width, map.height, count, &starts, entries.baseAddress!)
                initialized = valid
            }
            return SearchMap.Cells(starts: starts, entries: entries)
        }
    }

    /// `@unchecked` because C structs of pointers are not Sendable; they are only read.
    package struct Maps: @unchecked Sendable {
        package let source: nct_map
        package let target: nct_map
    }

    package static func measure(
        _ field: inout NearestNeighborField, source: SearchMap, target: SearchMap, seed: UInt64,
        strips: [Range<Int>], workers: Workers
    ) {
        withBoth(source, target, &field) { maps, positions, distances in
            workers.forEach(strips.count, grain: 1) { range in
                var (source, target) = (maps.source, maps.target)
                for strip in strips[range] {
                    nct_field_distances(
                        &source, &target, seed, strip.lowerBound, strip.upperBound, positions.base, distances.base)
                }
            }
        }
    }

    package static func iterate(
        _ field: inout NearestNeighborField, source: SearchMap, target: SearchMap, seed: UInt64, backward: Bool,
        strips: [Range<Int>], workers: Workers
    ) {
        let before = field.positions.withUnsafeBufferPointer { [UInt32]($0) }
        before.withUnsafeBufferPointer { before in
            let before = SharedConstPointer(before)
            withBoth(source, target, &field) { maps, positions, distances in
                workers.forEach(strips.count, grain: 1) { range in
                    var (source, target) = (maps.source, maps.target)
                    for strip in strips[range] {
                        nct_patchmatch_strip(
                            &source, &target, seed, backward ? 1 : 0, strip.lowerBound, strip.upperBound, before.base,
                            positions.base, distances.base)
                    }
                }
            }
        }
    }

    /// Offers a field's matches to the one that goes the other way.
    package static func exchange(
        _ field: NearestNeighborField, of source: SearchMap, to reverse: inout NearestNeighborField,
        of target: SearchMap, workers: Workers
    ) {
        let height = target.height
        field.positions.withUnsafeBufferPointer { positions in
            field.distances.withUnsafeBufferPointer { distances in
                let (positions, distances) = (SharedConstPointer(positions), SharedConstPointer(distances))
                withBoth(source, target, &reverse) { maps, reverse, reverseDistances in
                    // Each piece reads the whole field: two are enough.
                    workers.forEach(height, grain: (height + 1) / 2) { range in
                        var (source, target) = (maps.source, maps.target)
                        nct_field_exchange(
                            &source, &target, positions.base, distances.base, range.lowerBound, range.upperBound,
                            reverse.base, reverseDistances.base)
                    }
                }
            }
        }
    }

    package static func withBoth(
        _ source: SearchMap, _ target: SearchMap, _ field: inout NearestNeighborField,
        _ body: (Maps, SharedPointer<UInt32>, SharedPointer<UInt32>) -> Void
    ) {
        withMap(source) { source in
            withMap(target) { target in
                field.positions.withUnsafeMutableBufferPointer { positions in
                    field.distances.withUnsafeMutableBufferPointer { distances in
                        body(
                            Maps(source: source, target: target), SharedPointer(positions), SharedPointer(distances))
                    }
                }
            }
        }
    }

    /// `@unchecked` because a C struct of pointers is not Sendable; it is only read.
    package struct VoteInput: @unchecked Sendable {
        package let input: nct_vote_input
    }

    /// The voted colors and the squared feature errors, by S's pixels.
    package static func vote(
        source: SearchMap, target: SearchMap, colors: [Float], field: [UInt32], reverseStarts: [UInt32],
        reverse: [UInt32], weight: Float, workers: Workers
    ) -> (colors: [Float], errors: [Float]) {
        withVote(
            source: source, target: target, colors: colors, field: field, reverseStarts: reverseStarts,
            reverse: reverse, weight: weight
        ) { shared, voted, errors in
            workers.forEach(source.height, grain: 8) { range in
                var input = shared.input
                nct_vote(&input, range.lowerBound, range.upperBound, voted.base, errors.base)
            }
        }
    }

    /// What `body` writes where a vote's colors and errors go.
    package static func withVote(
        source: SearchMap, target: SearchMap, colors: [Float], field: [UInt32], reverseStarts: [UInt32],
        reverse: [UInt32], weight: Float, _ body: (VoteInput, SharedPointer<Float>, SharedPointer<Float>) -> Void
    ) -> (colors: [Float], errors: [Float]) {
        let count = source.width * source.height
        var voted = [Float](repeating: 0, count: 3 * count)
        var errors = [Float](repeating: 0, count: count)
        // Entries of an empty list are never read, but the pointer may not be null.
        let entries = reverse.isEmpty ? [0] : reverse
        withMap(source) { sourceMap in
            withMap(target) { targetMap in
                var (sourceMap, targetMap) = (sourceMap, targetMap)
                withUnsafePointer(to: &sourceMap) { sourceMap in
                    withUnsafePointer(to: &targetMap) { targetMap in
                        colors.withUnsafeBufferPointer { colors in
                            field.withUnsafeBufferPointer { field in
                                reverseStarts.withUnsafeBufferPointer { starts in
                                    entries.withUnsafeBufferPointer { entries in
                                        let shared = VoteInput(
                                            input: nct_vote_input(
                                                source: sourceMap, target: targetMap,
                                                targetColors: colors.baseAddress!, field: field.baseAddress!,
                                                reverseStart: starts.baseAddress!, reverse: entries.baseAddress!,
                                                reverseWeight: weight))
                                        voted.withUnsafeMutableBufferPointer { voted in
                                            errors.withUnsafeMutableBufferPointer { errors in
                                                body(shared, SharedPointer(voted), SharedPointer(errors))
                                            }
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        return (voted, errors)
    }
}
