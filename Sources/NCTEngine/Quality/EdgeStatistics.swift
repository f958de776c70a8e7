/// How sharply, how often and in which directions the luminance of a field changes.
///
/// Edges are the ridges of the gradient at a coarse scale (σ = 4 pixels), where neither noise nor chromatin has a say.
/// Along them, the gradient at a fine scale (σ = 1 pixel), projected on the coarse one so that noise averages out,
/// tells the width of the edge: for an edge blurred by s the ratio is √((s² + 16) / (s² + 1)), which is 4 for a
/// perfect edge and falls to 1 as s grows, whatever the contrast (after Zhuo and Sim, *Defocus map estimation from a
/// single image*, 2011). Both scales shrink with images of fewer than 480 pixels on the shorter side, down to half.
package struct EdgeStatistics: Sendable {
    /// The ratio of the fine to the coarse gradient along the edges, weighted by their strength; 0 without edges.
    package let sharpness: Float
    /// Share of pixels on an edge, 0…1.
    package let share: Float
    /// 0 if the edges run in all directions, as cells' do, 1 if they all keep to one or two at right angles.
    package let alignment: Float
    /// Share of the variance of luminance that the fine scale does not hold, 0…1: what is not noise has little.
    package let roughness: Float
    /// 1 if all edges curve around what is darker than its surroundings, as cells are, -1 if around what is brighter.
    package let polarity: Float

    /// Weakest edge: luminance a pixel.
    private static let leastGradient: Float = 0.002
    private static let fineSigma: Float = 1
    private static let coarseSigma: Float = 4
    private static let ordinarySide: Float = 480
    private static let grain = 32

    private struct Sums {
        var edges = 0.0
        var fine = 0.0
        var coarse = 0.0
        var strength = 0.0
        var cosine = 0.0
        var sine = 0.0
        var curved = 0.0
        var curves = 0.0

        static func + (a: Sums, b: Sums) -> Sums {
            Sums(
                edges: a.edges + b.edges, fine: a.fine + b.fine, coarse: a.coarse + b.coarse,
                strength: a.strength + b.strength, cosine: a.cosine + b.cosine, sine: a.sine + b.sine,
                curved: a.curved + b.curved, curves: a.curves + b.curves)
        }
    }

    /// Cost linear in the pixels.
    ///
    /// - Parameters:
    ///   - luminance: 0…1.
    ///   - mask: the pixels that count, away from the others by as much as the coarse scale sees of them.
    package init(_ luminance: Plane, mask: DataMask? = nil, workers: Workers = Workers(threads: 1)) {
        let size = min(1, max(0.5, Float(min(luminance.width, luminance.height)) / Self.ordinarySide))
        let fine = QualityKernels.smoothed(luminance, sigma: size * Self.fineSigma, workers: workers)
        let rest = size * (Self.coarseSigma * Self.coarseSigma - Self.fineSigma * Self.fineSigma).squareRoot()
        let coarse = QualityKernels.smoothed(fine, sigma: rest, workers: workers)
        let inner = mask.flatMap { $0.shrunk(by: Int((2 * size * Self.coarseSigma).rounded(.up))) }
        let sums =
            workers.map(max(0, luminance.height - 4), grain: Self.grain) { rows in
                var sums = Sums()
                for y in rows { Self.add(row: y + 2, fine: fine, coarse: coarse, mask: inner, to: &sums) }
                return sums
            }.reduce(Sums(), +)
        sharpness = sums.coarse > 0 ? Float(sums.fine / sums.coarse) : 0
        share = Float(sums.edges / Double(max(1, inner?.count ?? luminance.values.count)))
        let turned = (sums.cosine * sums.cosine + sums.sine * sums.sine).squareRoot()
        alignment = sums.strength > 0 ? Float(turned / sums.strength) : 0
        roughness = Self.roughness(inner.data(of: luminance), inner.data(of: fine))
        polarity = sums.curves > 0 ? Float(sums.curved / sums.curves) : 0
    }

    private static func roughness(_ luminance: Plane, _ fine: Plane) -> Float {
        let mean = luminance.mean
        var (rest, all) = (0.0, 0.0)
        for index in luminance.values.indices {
            let (difference, deviation) = (luminance.values[index] - fine.values[index], luminance.values[index] - mean)
            rest += Double(difference * difference)
            all += Double(deviation * deviation)
        }
        return all > 0 ? Float(min(1, rest / all)) : 0
    }

    private static func add(row y: Int, fine: Plane, coarse: Plane, mask: DataMask?, to sums: inout Sums) {
        let width = coarse.width
        let least = 4 * leastGradient * leastGradient
        coarse.values.withUnsafeBufferPointer { coarse in
            fine.values.withUnsafeBufferPointer { fine in
                /// Twice the gradient.
                func gradient(_ plane: UnsafeBufferPointer<Float>, _ pixel: Int) -> SIMD2<Float> {
                    SIMD2(plane[pixel + 1] - plane[pixel - 1], plane[pixel + width] - plane[pixel - width])
                }
                func squared(_ pixel: Int) -> Float {
                    let g = gradient(coarse, pixel)
                    return g.x * g.x + g.y * g.y
                }
                /// Of the line of equal luminance, up to a positive factor; positive around what is darker.
                func curvature(_ plane: UnsafeBufferPointer<Float>, _ pixel: Int, _ g: SIMD2<Float>) -> Float {
                    let twice = 2 * plane[pixel]
                    let along = plane[pixel + 1] + plane[pixel - 1] - twice
                    let down = plane[pixel + width] + plane[pixel - width] - twice
                    let mixed =
                        (plane[pixel + width + 1] - plane[pixel + width - 1] - plane[pixel - width + 1]
                            + plane[pixel - width - 1]) / 4
                    return along * g.y * g.y - 2 * mixed * g.x * g.y + down * g.x * g.x
                }
                for x in 2..<max(2, width - 2) {
                    let pixel = y * width + x
                    let g = gradient(coarse, pixel)
                    let square = g.x * g.x + g.y * g.y
                    guard square >= least, mask.isData(pixel) else { continue }
                    // The neighbor across the edge: right, down, or one of the diagonals (tan 22.5° = 0.414).
                    let (u, v) = (abs(g.x), abs(g.y))
                    let across = v < 0.414 * u ? 1 : u < 0.414 * v ? width : g.x * g.y > 0 ? width + 1 : width - 1
                    guard square > squared(pixel - across), square >= squared(pixel + across) else { continue }
                    let f = gradient(fine, pixel)
                    sums.edges += 1
                    sums.fine += Double(f.x * g.x + f.y * g.y)
                    sums.coarse += Double(square)
                    let curvature = curvature(coarse, pixel, g)
                    let weight = Double(square.squareRoot())
                    sums.curves += weight
                    sums.curved += curvature > 0 ? weight : curvature < 0 ? -weight : 0
                    // Four times the angle, so that directions at right angles add up; at the fine scale, where
                    // corners do not count.
                    let f2 = f.x * f.x + f.y * f.y
                    guard f2 > 0 else { continue }
                    let (cosine, sine) = ((f.x * f.x - f.y * f.y) / f2, 2 * f.x * f.y / f2)
                    let strength = Double(f2.squareRoot())
                    sums.strength += strength
                    sums.cosine += strength * Double(cosine * cosine - sine * sine)
                    sums.sine += strength * Double(2 * sine * cosine)
                }
            }
        }
    }
}
