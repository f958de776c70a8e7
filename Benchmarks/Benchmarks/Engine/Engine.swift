import Benchmark
import Foundation
import NCTEngine
import SmearPhantom

/// Times of the engine on synthetic smears. Read them as ratios to "reference: multiply and add", which is measured in
/// the same run and says how fast the machine is just then.
let benchmarks: @Sendable () -> Void = {
    Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock, .cpuTotal, .peakMemoryResident], warmupIterations: 1, scalingFactor: .one,
        maxDuration: .seconds(20), maxIterations: 10)

    Benchmark("reference: multiply and add, 256 Mi on one thread") { benchmark in
        for _ in benchmark.scaledIterations { blackHole(MachineReference.multiplyAndAdd()) }
    }

    for threads in [1, 2] {
        Benchmark("features to level 2, 500 × 500, \(threads) threads") { benchmark in
            let extractor = try EngineWork.extractor()
            let image = EngineWork.references(width: 500, height: 500)[0]
            benchmark.startMeasurement()
            for _ in benchmark.scaledIterations {
                blackHole(try extractor.features(of: image, levels: [2], workers: Workers(threads: threads)))
            }
            benchmark.stopMeasurement()
        }
        Benchmark("features and classes of the built-in network, 500 × 500, \(threads) threads") { benchmark in
            let image = EngineWork.references(width: 500, height: 500)[0]
            let workers = Workers(threads: threads)
            benchmark.startMeasurement()
            for _ in benchmark.scaledIterations {
                // Its features at all levels, and from them the classes.
                blackHole(try SmearNet.embedded.segmentation(of: image, workers: workers))
            }
            benchmark.stopMeasurement()
        }
        for levels in [[1], [2], [1, 2]] {
            let name = levels.map(String.init).joined(separator: ",")
            Benchmark("normalize 500 × 500, L = \(name), \(threads) threads") { benchmark in
                let work = try EngineWork(width: 500, height: 500, levels: levels, threads: threads)
                benchmark.startMeasurement()
                for _ in benchmark.scaledIterations { blackHole(try work.normalizer.normalize(work.capture)) }
                benchmark.stopMeasurement()
            }
        }
    }

    for (width, height) in [(1280, 960), (2592, 1944)] {
        Benchmark("normalize \(width) × \(height), L = 2, 2 threads") { benchmark in
            let work = try EngineWork(width: width, height: height, levels: [2], threads: 2)
            benchmark.startMeasurement()
            for _ in benchmark.scaledIterations { blackHole(try work.normalizer.normalize(work.capture)) }
            benchmark.stopMeasurement()
        }
    }

    Benchmark("prepare three references 360 × 360, L = 1,2, 2 threads") { benchmark in
        let extractor = try EngineWork.extractor()
        let references = EngineWork.references(width: 360, height: 360)
        var parameters = NormalizationParameters()
        parameters.levels = .joint([1, 2])
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations {
            blackHole(
                try Normalizer(
                    extractor: extractor, references: references, parameters: parameters, workers: Workers(threads: 2)))
        }
        benchmark.stopMeasurement()
    }

    Benchmark("describe an image for profile suggest, 360 × 360") { benchmark in
        let image = EngineWork.references(width: 360, height: 360)[0]
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations { blackHole(SmearDescriptor(image)) }
        benchmark.stopMeasurement()
    }
}
