import NCTEngine
import SmearPhantom
import Testing

/// The solver as a whole, beside least squares on the same energy.
@Suite("Graph cut")
struct GraphCutTests {
    /// Least squares' field in the graph cut's labels: for each pixel the nearest in effect on its color.
    private func labels(of field: TransferField, cut: GraphCut.Cut, problem: TransferProblem) -> [UInt8] {
        (0..<field.pixelCount).map { pixel in
            func color(_ gain: (Int) -> Double, _ offset: (Int) -> Double) -> SIMD3<Double> {
                SIMD3(
                    (0..<3).map { gain($0) * Double(problem.source.samples[3 * pixel + $0]) / 100 + offset($0) })
            }
            let own = color {
                Double(field.values[8 * pixel + $0])
            } _: {
                Double(field.values[8 * pixel + 4 + $0])
            }
            let distances = cut.labels.map { label -> Double in
                let difference =
                    color {
                        label.gain[$0]
                    } _: {
                        label.offset[$0]
                    } - own
                return (difference * difference).sum()
            }
            return UInt8(distances.indices.min { distances[$0] < distances[$1] } ?? 0)
        }
    }

    @Test("Before the refinement its energy is below that of least squares on the same labels", arguments: 1...3)
    func discrete(seed: Int) throws {
        let problem = try TransferProblem(seed: UInt64(seed), width: 240, levels: [2])
        let workers = Workers(threads: 2)
        let cut = GraphCut().cut(problem.energy, from: problem.start, workers: workers)
        let squares = LeastSquaresSolver().minimize(problem.energy, from: problem.start, workers: workers)
        let theirs = cut.problem.energy(of: labels(of: squares.field, cut: cut, problem: problem))
        let other = Double(theirs.data + theirs.pairs) / cut.scale
        print(
            "seed \(seed): \(cut.labels.count) labels, \(cut.cycles) cycles; data \(cut.data) + pairs \(cut.pairs) = "
                + "\(cut.data + cut.pairs), least squares on the same labels \(Double(theirs.data) / cut.scale) + "
                + "\(Double(theirs.pairs) / cut.scale) = \(other)")
        #expect(cut.data + cut.pairs < other)
        // What looking only near changes leaves: little that moves of all pixels offered a label could still gain.
        let all = AlphaExpansion(maximumCycles: 3).minimize(cut.problem, from: cut.chosen)
        let gain = 1 - Double(all.data + all.pairs) / cut.scale / (cut.data + cut.pairs)
        print("  looking everywhere gains \(100 * gain) % more")
        #expect(gain < 0.02)
        #expect(cut.labels.count == 32)
    }

    @Test("Distances of labels are a metric")
    func metric() throws {
        let problem = try TransferProblem(seed: 4, width: 160, levels: [2])
        let metric = GraphCut(labelCount: 64).cut(problem.energy, from: problem.start, workers: Workers(threads: 2))
            .metric
        func distance(_ one: Int, _ other: Int) -> Int32 { metric.distances[one * metric.count + other] }
        #expect(metric.count > 32 && metric.distances.max() == 1023)
        for one in 0..<metric.count {
            #expect(distance(one, one) == 0)
            for other in 0..<metric.count {
                #expect(distance(one, other) == distance(other, one))
                #expect(one == other || distance(one, other) > 0)
                for third in 0..<metric.count {
                    #expect(distance(one, other) <= distance(one, third) + distance(third, other))
                }
            }
        }
    }

    @Test("The refined field is smooth where labels end: no more than that of least squares there", arguments: 1...3)
    func contours(seed: Int) throws {
        let problem = try TransferProblem(seed: UInt64(seed), width: 320, levels: [2])
        let workers = Workers(threads: 2)
        let solution = GraphCut().minimize(problem.energy, from: problem.start, workers: workers)
        let labels = try #require(solution.labeling).labels
        let squares = LeastSquaresSolver().minimize(problem.energy, from: problem.start, workers: workers)
        let cut = GraphCut().cut(problem.energy, from: problem.start, workers: workers)
        let raw = cut.field(width: problem.energy.width, height: problem.energy.height)
        // The change of color between neighbors that the change of the transform makes, of pixels that are alike.
        func steps(_ field: TransferField) -> (border: Double, inside: Double) {
            var sums = (border: 0.0, inside: 0.0)
            var counts = (border: 0.0, inside: 0.0)
            for y in 0..<field.height {
                for x in 1..<field.width {
                    let pixel = y * field.width + x
                    guard abs(problem.luminance.values[pixel] - problem.luminance.values[pixel - 1]) < 0.02 else {
                        continue
                    }
                    var square = 0.0
                    for channel in 0..<3 {
                        let gain = field.values[8 * pixel + channel] - field.values[8 * pixel - 8 + channel]
                        let offset = field.values[8 * pixel + 4 + channel] - field.values[8 * pixel - 4 + channel]
                        let change = Double(gain * problem.source.samples[3 * pixel + channel] + 100 * offset)
                        square += change * change
                    }
                    if labels.bytes[pixel] == labels.bytes[pixel - 1] {
                        sums.inside += square.squareRoot()
                        counts.inside += 1
                    } else {
                        sums.border += square.squareRoot()
                        counts.border += 1
                    }
                }
            }
            return (sums.border / max(1, counts.border), sums.inside / max(1, counts.inside))
        }
        let (ours, theirs, before) = (steps(solution.field), steps(squares.field), steps(raw))
        print(
            "seed \(seed): ΔE*ab between neighbors at borders of labels: labels \(before.border), refined \(ours.border), least squares \(theirs.border); inside \(ours.inside), \(theirs.inside)"
        )
        // Borders of labels mostly lie where classes meet, and there transforms differ by least squares, too.
        #expect(before.border > 1.5 * ours.border)
        #expect(ours.border < 1.25 * theirs.border)
    }

    @Test("Its energy of Eq. 4 is not below that of least squares, which is near the minimum, and not far above")
    func energies() throws {
        for seed in UInt64(1)...3 {
            let problem = try TransferProblem(seed: seed, width: 240, levels: [2])
            let workers = Workers(threads: 2)
            let ours = GraphCut().minimize(problem.energy, from: problem.start, workers: workers).finalEnergy
            let theirs = LeastSquaresSolver().minimize(problem.energy, from: problem.start, workers: workers)
                .finalEnergy
            print("seed \(seed): graph cut \(ours), least squares \(theirs)")
            #expect(ours.total > 0.99 * theirs.total && ours.total < 2 * theirs.total)
        }
    }

    @Test("The same bytes with any number of threads")
    func threads() throws {
        let problem = try TransferProblem(seed: 5, width: 320, levels: [1])
        let one = GraphCut().minimize(problem.energy, from: problem.start, workers: Workers(threads: 1))
        for threads in [2, 3, 7] {
            let other = GraphCut().minimize(problem.energy, from: problem.start, workers: Workers(threads: threads))
            #expect(other.field == one.field && other.labeling?.labels == one.labeling?.labels)
        }
    }

    @Test("A field of one color has few labels, and takes the guidance's color")
    func oneColor() {
        let (width, height) = (40, 30)
        func flat(_ color: (Float, Float, Float)) -> LabImage {
            LabImage(RGBImage(width: width, height: height, filledWith: color))
        }
        let (source, guidance) = (flat((0.8, 0.7, 0.6)), flat((0.9, 0.8, 0.9)))
        let problem = TransferProblem(
            source: source, guidance: guidance, confidence: Plane(width: width, height: height, repeating: 1),
            luminance: Plane(width: width, height: height, repeating: 0.7))
        let solution = GraphCut(labelCount: 64).minimize(
            problem.energy, from: problem.start, workers: Workers(threads: 2))
        #expect((solution.labeling?.offered ?? 64) < 16)
        #expect(Set(solution.labeling?.labels.bytes ?? []).count == 1)
        let result = solution.field.apply(to: source)
        let errors = zip(result.samples, guidance.samples).map { abs($0 - $1) }
        let squares = LeastSquaresSolver().minimize(problem.energy, from: problem.start, workers: Workers(threads: 2))
        let theirs = zip(squares.field.apply(to: source).samples, guidance.samples).map { abs($0 - $1) }
        #expect((errors.max() ?? 0) < 0.2 && (theirs.max() ?? 0) < 0.2)
        #expect(squares.finalEnergy.total <= squares.initialEnergy.total)
    }

    @Test("A field without any confidence, one pixel, a row and a column have a solution")
    func small() {
        for (width, height, confidence) in [(12, 9, Float(0)), (1, 1, 1), (9, 1, 1), (1, 9, 1), (3, 3, 0.5)] {
            var inputs = TwinInputs(seed: 77)
            let pixels = width * height
            let problem = TransferProblem(
                source: LabImage(width: width, height: height, samples: inputs.lab(pixels)),
                guidance: LabImage(width: width, height: height, samples: inputs.lab(pixels)),
                confidence: Plane(width: width, height: height, repeating: confidence),
                luminance: Plane(width: width, height: height, values: inputs.numbers(pixels, in: 0...1)))
            let solution = GraphCut().minimize(problem.energy, from: problem.start, workers: Workers(threads: 2))
            let isFinite = solution.field.values.allSatisfy { $0.isFinite }
            #expect(isFinite)
            #expect(solution.labeling?.labels.pixelCount == pixels)
        }
    }

    @Test("Weights of the terms from nothing to the greatest allowed", arguments: [Float(0), 1e-6, 1, 1000])
    func weights(weight: Float) throws {
        var parameters = NormalizationParameters()
        (parameters.lambdaLocal, parameters.lambdaNonlocal) = (weight, weight)
        let problem = try TransferProblem(seed: 6, width: 120, levels: [2], parameters: parameters)
        let cut = GraphCut().cut(problem.energy, from: problem.start, workers: Workers(threads: 2))
        #expect(cut.data.isFinite && cut.pairs >= 0)
        // Without pairs each pixel has its own best label of those offered; with strong ones a class has one.
        let used = Set(cut.chosen).count
        #expect(weight == 0 ? used > 16 : weight < 100 || used <= 8, "\(used) labels")
    }
}
