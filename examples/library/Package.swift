// swift-tools-version: 6.1
import PackageDescription

// Programs that use nctd's library. In a package of one's own, the dependency is the address of nctd's repository.
let package = Package(
    name: "library-examples",
    dependencies: [.package(name: "nctd", path: "../..")],
    targets: [
        .executableTarget(
            name: "normalize-one",
            dependencies: [
                .product(name: "NCTEngine", package: "nctd"), .product(name: "ImageFiles", package: "nctd"),
            ]),
        .executableTarget(
            name: "normalize-folder",
            dependencies: [
                .product(name: "NCTEngine", package: "nctd"), .product(name: "ImageFiles", package: "nctd"),
            ]),
    ],
    swiftLanguageModes: [.v6]
)
