import CKernels

/// The bridge to the C color kernels: whole buffers in, whole buffers out, cut into pieces of fixed size.
package enum ColorKernels {
    /// Pixels a piece: small enough for the level-2 cache.
    private static let grain = 16384

    package static func labFromSRGB(_ rgb: [Float], workers: Workers) -> [Float] {
        [Float](unsafeUninitializedCapacity: rgb.count) { output, initialized in
            rgb.withUnsafeBufferPointer { input in
                guard let source = input.baseAddress, let target = output.baseAddress else { return }
                let (from, to) = (SharedConstPointer(source), SharedPointer(target))
                workers.forEach(rgb.count / 3, grain: grain) { range in
                    nct_srgb_to_lab(from.base + 3 * range.lowerBound, to.base + 3 * range.lowerBound, range.count)
                }
            }
            initialized = rgb.count
        }
    }

    /// Returns the samples and the number of clipped pixels.
    package static func sRGBFromLab(_ lab: [Float], workers: Workers) -> (samples: [Float], clipped: Int) {
        var clipped = 0
        let samples = [Float](unsafeUninitializedCapacity: lab.count) { output, initialized in
            lab.withUnsafeBufferPointer { input in
                guard let source = input.baseAddress, let target = output.baseAddress else { return }
                let (from, to) = (SharedConstPointer(source), SharedPointer(target))
                clipped = workers.map(lab.count / 3, grain: grain) { range in
                    nct_lab_to_srgb(from.base + 3 * range.lowerBound, to.base + 3 * range.lowerBound, range.count)
                }.reduce(0, +)
            }
            initialized = lab.count
        }
        return (samples, clipped)
    }

    /// The same in place, for a frame of which there is no room for two; returns how many pixels were clipped.
    package static func convertLabToSRGB(_ samples: inout [Float], workers: Workers) -> Int {
        let count = samples.count / 3
        return samples.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return 0 }
            let place = SharedPointer(base)
            return workers.map(count, grain: grain) { range in
                let pixels = place.base + 3 * range.lowerBound
                return nct_lab_to_srgb(pixels, pixels, range.count)
            }.reduce(0, +)
        }
    }

    package static func luminance(_ rgb: [Float], weights: (Float, Float, Float), workers: Workers) -> [Float] {
        [Float](unsafeUninitializedCapacity: rgb.count / 3) { output, initialized in
            rgb.withUnsafeBufferPointer { input in
                guard let source = input.baseAddress, let target = output.baseAddress else { return }
                let (from, to) = (SharedConstPointer(source), SharedPointer(target))
                workers.forEach(rgb.count / 3, grain: grain) { range in
                    nct_luminance(
                        from.base + 3 * range.lowerBound, to.base + range.lowerBound, range.count,
                        weights.0, weights.1, weights.2)
                }
            }
            initialized = rgb.count / 3
        }
    }

    /// Moves `result` the share of the way to the quadratic polynomial of `lab` (30 coefficients, see `nct_color.h`).
    package static func blendQuadratic(
        of lab: [Float], coefficients: [Float], share: Float, tolerance: Float = .infinity,
        into result: inout [Float], workers: Workers
    ) {
        precondition(coefficients.count == 30 && lab.count == result.count)
        lab.withUnsafeBufferPointer { input in
            result.withUnsafeMutableBufferPointer { output in
                coefficients.withUnsafeBufferPointer { coefficients in
                    guard let source = input.baseAddress, let target = output.baseAddress,
                        let table = coefficients.baseAddress
                    else { return }
                    let (from, to, shared) = (
                        SharedConstPointer(source), SharedPointer(target), SharedConstPointer(table)
                    )
                    workers.forEach(input.count / 3, grain: grain) { range in
                        nct_blend_quadratic(
                            from.base + 3 * range.lowerBound, to.base + 3 * range.lowerBound, range.count, shared.base,
                            share, 1 / (tolerance * tolerance))
                    }
                }
            }
        }
    }
}
