// Certificates made at run time: a CA and what it signs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

namespace stevedore::kube {

// A certificate and its key, as PEM.
struct TestCert {
  std::string cert;
  std::string key;
};

namespace test_certs {

template <class T, void (*Free)(T*)>
struct Deleter {
  void operator()(T* object) const { Free(object); }
};
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY, EVP_PKEY_free>>;
using Cert = std::unique_ptr<X509, Deleter<X509, X509_free>>;
struct BioDeleter {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using Bio = std::unique_ptr<BIO, BioDeleter>;

inline std::string Text(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<std::size_t>(size));
}

inline void AddExtension(X509* cert, int nid, const std::string& value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
  X509_add_ext(cert, extension, -1);
  X509_EXTENSION_free(extension);
}

inline TestCert Make(const std::string& name, const TestCert* ca, const std::string& names,
                     long valid_seconds) {
  static long serial = 0;
  const Key key(EVP_EC_gen("P-256"));
  const Cert cert(X509_new());
  X509_set_version(cert.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(cert.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(cert.get()), valid_seconds);
  X509_set_pubkey(cert.get(), key.get());
  X509_NAME* const subject = X509_get_subject_name(cert.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  Key ca_key;
  if (ca == nullptr) {
    X509_set_issuer_name(cert.get(), subject);
    AddExtension(cert.get(), NID_basic_constraints, "critical,CA:TRUE");
  } else {
    const Bio ca_cert_bio(BIO_new_mem_buf(ca->cert.data(), static_cast<int>(ca->cert.size())));
    const Bio ca_key_bio(BIO_new_mem_buf(ca->key.data(), static_cast<int>(ca->key.size())));
    const Cert ca_cert(PEM_read_bio_X509(ca_cert_bio.get(), nullptr, nullptr, nullptr));
    ca_key.reset(PEM_read_bio_PrivateKey(ca_key_bio.get(), nullptr, nullptr, nullptr));
    X509_set_issuer_name(cert.get(), X509_get_subject_name(ca_cert.get()));
    if (!names.empty()) AddExtension(cert.get(), NID_subject_alt_name, names);
  }
  X509_sign(cert.get(), ca == nullptr ? key.get() : ca_key.get(), EVP_sha256());

  const Bio cert_bio(BIO_new(BIO_s_mem()));
  const Bio key_bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(cert_bio.get(), cert.get());
  PEM_write_bio_PrivateKey(key_bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return {Text(cert_bio.get()), Text(key_bio.get())};
}

}  // namespace test_certs

inline TestCert MakeCa(const std::string& name) {
  return test_certs::Make(name, nullptr, "", 3600);
}

// `names` as OpenSSL writes them: "IP:127.0.0.1,DNS:localhost". A negative validity has expired.
inline TestCert MakeCert(const TestCert& ca, const std::string& names, long valid_seconds = 3600) {
  return test_certs::Make("leaf", &ca, names, valid_seconds);
}

}  // namespace stevedore::kube
