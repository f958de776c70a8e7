import CKernels

/// The Swift side of the kernels in `transfer.c`: cuts the work into pieces and owns every buffer.
package enum TransferKernels {
    /// Pixels (or places of an order) a piece of work: a constant, so that sums do not depend on threads.
    static let grain = 8192

    /// Rows a piece of work.
    static func rows(width: Int) -> Int { max(1, grain / max(1, width)) }

    static func apply(_ field: [Float], to samples: inout [Float], pixels: Int, workers: Workers) {
        field.withUnsafeBufferPointer { field in
            samples.withUnsafeMutableBufferPointer { samples in
                guard pixels > 0 else { return }
                let field = SharedConstPointer(field)
                let samples = SharedPointer(samples)
                workers.forEach(pixels, grain: grain) { range in
                    let lab = samples.base + 3 * range.lowerBound
                    nct_transfer_apply(field.base + 8 * range.lowerBound, lab, range.count, lab)
                }
            }
        }
    }

    static func initialField(
        source: LabImage, guidance: LabImage, epsilon: Float, gainRange: ClosedRange<Float>, workers: Workers
    ) -> [Float] {
        let (width, height) = (source.width, source.height)
        return filled(8 * width * height) { out in
            source.samples.withUnsafeBufferPointer { source in
                guidance.samples.withUnsafeBufferPointer { guidance in
                    let source = SharedConstPointer(source)
                    let guidance = SharedConstPointer(guidance)
                    workers.forEach(height, grain: rows(width: width)) { range in
                        for y in range {
                            nct_transfer_initial_row(
                                source.base, guidance.base, width, height, y, epsilon, gainRange.lowerBound,
                                gainRange.upperBound, out.base + 8 * y * width)
                        }
                    }
                }
            }
        }
    }

    static func pack(source: LabImage, confidence: Plane) -> [Float] {
        filled(4 * source.pixelCount) { out in
            source.samples.withUnsafeBufferPointer { source in
                confidence.values.withUnsafeBufferPointer { confidence in
                    nct_transfer_pack(source.baseAddress!, confidence.baseAddress!, confidence.count, out.base)
                }
            }
        }
    }

    static func localWeights(luminance: Plane, workers: Workers) -> [Float] {
        let (width, height) = (luminance.width, luminance.height)
        return filled(2 * width * height) { out in
            luminance.values.withUnsafeBufferPointer { luminance in
                let luminance = SharedConstPointer(luminance)
                workers.forEach(height, grain: rows(width: width)) { range in
                    for y in range {
                        nct_transfer_local_weights_row(luminance.base, width, height, y, out.base + 2 * y * width)
                    }
                }
            }
        }
    }

    static func degree(
        width: Int, height: Int, localWeights: [Float], localScale: Float, neighbors: NonlocalNeighbors,
        nonlocalScale: Float, workers: Workers
    ) -> [Float] {
        let pixels = width * height
        return filled(pixels) { out in
            out.base.update(repeating: 0, count: pixels)
            neighbors.withPointers { order, weights in
                workers.forEach(pixels, grain: grain) { range in
                    nct_transfer_color_degree(
                        order.base, weights.base, range.lowerBound, range.upperBound, NonlocalNeighbors.reach,
                        nonlocalScale, out.base)
                }
            }
            localWeights.withUnsafeBufferPointer { weights in
                let weights = SharedConstPointer(weights)
                workers.forEach(height, grain: rows(width: width)) { range in
                    for y in range {
                        nct_transfer_local_degree_row(weights.base, width, y, localScale, out.base)
                    }
                }
            }
        }
    }

    static func energy(
        of field: UnsafeBufferPointer<Float>, in energy: TransferEnergy, workers: Workers
    ) -> TransferEnergy.Value {
        guard energy.pixelCount > 0 else { return .init(data: 0, local: 0, nonlocal: 0, total: 0) }
        let field = SharedConstPointer(field)
        let (width, height) = (energy.width, energy.height)
        let grid = energy.packedSource.withUnsafeBufferPointer { packed in
            energy.guidance.samples.withUnsafeBufferPointer { guidance in
                energy.localWeights.withUnsafeBufferPointer { weights in
                    let packed = SharedConstPointer(packed)
                    let guidance = SharedConstPointer(guidance)
                    let weights = SharedConstPointer(weights)
                    return workers.map(height, grain: rows(width: width)) { range -> (Double, Double) in
                        var data = 0.0
                        var local = 0.0
                        nct_transfer_grid_energy(
                            field.base, packed.base, guidance.base, weights.base, width, height, range.lowerBound,
                            range.upperBound, &data, &local)
                        return (data, local)
                    }
                }
            }
        }
        let nonlocal = energy.neighbors.withPointers { order, weights in
            workers.map(energy.pixelCount, grain: grain) { range in
                nct_transfer_color_energy(
                    field.base, order.base, weights.base, energy.pixelCount, range.lowerBound, range.upperBound,
                    NonlocalNeighbors.reach)
            }.reduce(0, +)
        }
        let data = grid.reduce(0) { $0 + $1.0 }
        let local = grid.reduce(0) { $0 + $1.1 }
        let total = data + Double(energy.localWeight) * local + Double(energy.nonlocalWeight) * nonlocal
        return .init(data: data, local: local, nonlocal: nonlocal, total: total)
    }

    static func conjugateGradients(
        _ energy: TransferEnergy, field: inout [Float], startEnergy: Double, tolerance: Double,
        maximumIterations: Int, workers: Workers
    ) -> ConjugateGradients.Outcome {
        guard energy.pixelCount > 0 else { return .init(iterations: 0, relativeResidual: 0) }
        let space = CoarseSpace(energy, workers: workers)
        return field.withUnsafeMutableBufferPointer { field in
            let field = SharedPointer(field)
            return ConjugateGradients.with(energy, space, workers: workers) {
                $0.run(
                    from: field, startEnergy: startEnergy, tolerance: tolerance, maximumIterations: maximumIterations)
            }
        }
    }

    /// An array whose every element `body` writes.
    static func filled<Element>(_ count: Int, _ body: (SharedPointer<Element>) -> Void) -> [Element] {
        [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
            if count > 0 { body(SharedPointer(buffer)) }
            initialized = count
        }
    }
}

extension NonlocalNeighbors {
    /// Order and weights; there must be a pixel.
    func withPointers<Result>(
        _ body: (SharedConstPointer<Int32>, SharedConstPointer<Float>) -> Result
    ) -> Result {
        order.withUnsafeBufferPointer { order in
            weights.withUnsafeBufferPointer { weights in
                body(SharedConstPointer(order), SharedConstPointer(weights))
            }
        }
    }
}
