import CheckedArithmetic
import Digests
import Foundation

/// Prepared references as the bytes of a cache file, and back.
///
/// Layout: SHA-256 of all that follows (32 bytes), length of the header (8 bytes, little-endian), a JSON header, then
/// the arrays in the header's order as raw little-endian values. The header carries the key of what the content
/// depends on; a cache with another key, or with a flipped bit, is refused.
package enum ReferenceCache {
    private struct Header: Codable {
        struct Plan: Codable {
            var levels: [Int]
            var components: Int
            var variances: [Float]
            var basisSizes: [Int]
            var centerSize: Int
            var labelCount: Int
            var labelWeight: Float
            var width: Int
            var height: Int
            var dimensions: Int
            var scale: Float
            var regions: [SearchMap.Region]
        }
        struct Group: Codable {
            var references: [Int]
            var palette: LabPalette
            var plans: [Plan]
        }
        var key: String
        var groups: [Group]
        var palettePresent: [Bool]
        var background: SIMD3<Float>
        var contents: [FieldContents]
        var classColors: [ClassColors]
    }

    package static func encode(_ prepared: PreparedReferences, key: String) -> [UInt8] {
        let header = Header(
            key: key,
            groups: prepared.groups.map { group in
                Header.Group(
                    references: group.references, palette: group.palette,
                    plans: group.plans.map { plan in
                        Header.Plan(
                            levels: plan.projection.levels, components: plan.projection.components,
                            variances: plan.projection.variances, basisSizes: plan.projection.bases.map(\.count),
                            centerSize: plan.clustering?.centers.count ?? 0,
                            labelCount: plan.labelCount, labelWeight: plan.labelWeight,
                            width: plan.map.width, height: plan.map.height, dimensions: plan.map.dimensions,
                            scale: plan.map.scale, regions: plan.map.regions)
                    })
            }, palettePresent: prepared.figures.palette.present, background: prepared.figures.background,
            contents: prepared.figures.contents, classColors: prepared.figures.classColors)
        // Encoding a struct of numbers and strings cannot fail, but for numbers that are not finite.
        guard let json = try? JSONEncoder().encode(header) else { return [] }
        var body = withUnsafeBytes(of: UInt64(json.count).littleEndian) { [UInt8]($0) } + [UInt8](json)
        func append<T>(_ values: [T]) { values.withUnsafeBytes { body.append(contentsOf: $0) } }
        for plan in prepared.groups.flatMap(\.plans) {
            plan.projection.bases.forEach(append)
            append(plan.clustering?.centers ?? [])
            append(plan.map.values)
            append(plan.colors)
        }
        append(prepared.figures.palette.cumulative)
        return SHA256.hash(body) + body
    }

    /// Throws ``EngineError/Code/invalidCache`` if the bytes are damaged or belong to other inputs.
    package static func decode(_ bytes: [UInt8], key: String) throws -> PreparedReferences {
        func fail(_ message: String) -> EngineError {
            EngineError(.invalidCache, message, remedy: "delete the cache file; it is made anew")
        }
        guard bytes.count > 40, SHA256.hash(bytes[32...]).elementsEqual(bytes[0..<32]) else {
            throw fail("the cache is cut off or damaged")
        }
        let length = UInt64(bytes: bytes[32..<40], bigEndian: false)
        guard length <= UInt64(bytes.count - 40),
            let header = try? JSONDecoder().decode(Header.self, from: Data(bytes[40..<40 + Int(length)]))
        else { throw fail("the cache's header cannot be read") }
        guard header.key == key else { throw fail("the cache belongs to other references or settings") }
        var position = 40 + Int(length)
        func take<T>(_ count: Int, _ zero: T) throws -> [T] {
            let size = count * MemoryLayout<T>.stride
            guard count >= 0, size <= bytes.count - position else { throw fail("the cache is cut off") }
            defer { position += size }
            return bytes[position..<position + size].withUnsafeBytes { raw in
                (0..<count).map { raw.loadUnaligned(fromByteOffset: $0 * MemoryLayout<T>.stride, as: T.self) }
            }
        }
        let groups = try header.groups.map { group in
            PreparedReferences.Group(
                references: group.references, palette: group.palette,
                plans: try group.plans.map { plan in
                    let padded = (plan.width + 2) * (plan.height + 2)
                    let bases = try plan.basisSizes.map { try take($0, Float(0)) }
                    let centers = try take(plan.centerSize, Float(0))
                    let values = try take(padded * plan.dimensions, Int8(0))
                    let colors = try take(padded * 3, Float(0))
                    return LevelPlan(
                        projection: Projection(
                            levels: plan.levels, components: plan.components, bases: bases, variances: plan.variances),
                        clustering: centers.isEmpty
                            ? nil : Clustering(dimensions: plan.components, centers: centers),
                        labelCount: plan.labelCount, labelWeight: plan.labelWeight,
                        map: SearchMap(
                            restoring: plan.width, height: plan.height, dimensions: plan.dimensions,
                            components: plan.components, labelCount: plan.labelCount, scale: plan.scale,
                            regions: plan.regions, values: values, workers: Workers(threads: 1)),
                        colors: colors)
                })
        }
        let palette = ColorPalette(
            cumulative: try take(ColorPalette.valueCount, Float(0)), present: header.palettePresent)
        return PreparedReferences(
            groups: groups,
            figures: ReferenceFigures(
                palette: palette, background: header.background, contents: header.contents,
                classColors: header.classColors))
    }
}
