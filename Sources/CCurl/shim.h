// libcurl is loaded when it is first used, not linked: linking it doubles the program's start-up time. The header gives
// the types and constants; these wrappers call what `dlsym` found, with the C calling convention of variadic functions.
#pragma once
#define CURL_DISABLE_TYPECHECK 1
#include <curl/curl.h>

typedef CURLcode (*curl_shim_setopt)(CURL *, CURLoption, ...);
typedef CURLcode (*curl_shim_getinfo)(CURL *, CURLINFO, ...);
typedef size_t (*curl_shim_write)(char *, size_t, size_t, void *);

static inline CURLcode curl_shim_set_long(void *setopt, CURL *handle, CURLoption option, long value) {
  return ((curl_shim_setopt)setopt)(handle, option, value);
}

static inline CURLcode curl_shim_set_text(
    void *setopt, CURL *handle, CURLoption option, const char *value) {
  return ((curl_shim_setopt)setopt)(handle, option, value);
}

static inline CURLcode curl_shim_set_pointer(
    void *setopt, CURL *handle, CURLoption option, void *value) {
  return ((curl_shim_setopt)setopt)(handle, option, value);
}

static inline CURLcode curl_shim_set_size(
    void *setopt, CURL *handle, CURLoption option, curl_off_t value) {
  return ((curl_shim_setopt)setopt)(handle, option, value);
}

static inline CURLcode curl_shim_set_write(
    void *setopt, CURL *handle, curl_shim_write function, void *context) {
  CURLcode code = ((curl_shim_setopt)setopt)(handle, CURLOPT_WRITEFUNCTION, function);
  if (code != CURLE_OK) return code;
  return ((curl_shim_setopt)setopt)(handle, CURLOPT_WRITEDATA, context);
}

static inline CURLcode curl_shim_response_code(void *getinfo, CURL *handle, long *code) {
  return ((curl_shim_getinfo)getinfo)(handle, CURLINFO_RESPONSE_CODE, code);
}

/// The result of the one finished transfer of a multi handle; -1 when none has finished.
static inline int curl_shim_transfer_result(void *info_read, CURLM *multi) {
  int left = 0;
  CURLMsg *message = ((CURLMsg * (*)(CURLM *, int *)) info_read)(multi, &left);
  return message && message->msg == CURLMSG_DONE ? (int)message->data.result : -1;
}

static inline CURLcode curl_shim_global_init(void *function) {
  return ((CURLcode(*)(long))function)(CURL_GLOBAL_DEFAULT);
}

static inline CURL *curl_shim_easy_init(void *function) { return ((CURL * (*)(void)) function)(); }

static inline void curl_shim_easy_cleanup(void *function, CURL *handle) {
  ((void (*)(CURL *))function)(handle);
}

static inline CURLM *curl_shim_multi_init(void *function) {
  return ((CURLM * (*)(void)) function)();
}

static inline CURLMcode curl_shim_multi_cleanup(void *function, CURLM *multi) {
  return ((CURLMcode(*)(CURLM *))function)(multi);
}

/// `curl_multi_add_handle` or `curl_multi_remove_handle`.
static inline CURLMcode curl_shim_multi_handle(void *function, CURLM *multi, CURL *handle) {
  return ((CURLMcode(*)(CURLM *, CURL *))function)(multi, handle);
}

static inline CURLMcode curl_shim_multi_perform(void *function, CURLM *multi, int *running) {
  return ((CURLMcode(*)(CURLM *, int *))function)(multi, running);
}

static inline CURLMcode curl_shim_multi_poll(void *function, CURLM *multi, int milliseconds) {
  return ((CURLMcode(*)(CURLM *, struct curl_waitfd *, unsigned int, int, int *))function)(
      multi, NULL, 0, milliseconds, NULL);
}

static inline CURLMcode curl_shim_multi_wakeup(void *function, CURLM *multi) {
  return ((CURLMcode(*)(CURLM *))function)(multi);
}

static inline struct curl_slist *curl_shim_slist_append(
    void *function, struct curl_slist *list, const char *text) {
  return ((struct curl_slist * (*)(struct curl_slist *, const char *)) function)(list, text);
}

static inline void curl_shim_slist_free(void *function, struct curl_slist *list) {
  ((void (*)(struct curl_slist *))function)(list);
}

static inline const char *curl_shim_error_text(void *function, int code) {
  return ((const char *(*)(CURLcode))function)((CURLcode)code);
}
