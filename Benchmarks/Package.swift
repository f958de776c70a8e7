// swift-tools-version: 6.1
import PackageDescription

// A package of its own, so that users of nctd do not build the benchmark's dependencies.
let package = Package(
    name: "Benchmarks",
    dependencies: [
        .package(name: "nctd", path: ".."),
        .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
    ],
    targets: [
        .executableTarget(
            name: "Engine",
            dependencies: [
                .product(name: "NCTEngine", package: "nctd"),
                .product(name: "SmearPhantom", package: "nctd"),
                .product(name: "Benchmark", package: "benchmark"),
            ],
            path: "Benchmarks/Engine",
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
    ],
    swiftLanguageModes: [.v6]
)
